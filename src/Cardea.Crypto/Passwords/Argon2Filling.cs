using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Cardea.Crypto.Passwords;

// The memory-hard middle of Argon2 version 0x13, for one kernel and its word order (RFC 9106, sections 3.2 to 3.5).
//
//   memory      p lanes of q blocks of 1 KiB; a lane is four slices; a segment is where a lane and a slice cross
//   B[l][0..1]  given by the caller through StoreBlock
//   B[l][i]     G(B[l][i-1], B[reference])     xor the old B[l][i] from the second pass on
//
// Lanes of a slice are independent and could run on several threads. They run in sequence: a server fills its cores with many
// hashes, and a second thread per hash only adds waiting.
internal readonly unsafe struct Argon2Filling<TKernel>
    where TKernel : struct, IArgon2Kernel
{
    private const int SlicesPerPass = 4;
    private const int WordsPerBlock = 128;

    private readonly ulong* _memory;
    private readonly Argon2Variant _variant;
    private readonly int _iterations;
    private readonly int _lanes;
    private readonly int _laneBlocks;
    private readonly int _segmentBlocks;

    internal Argon2Filling(Argon2Variant variant, Argon2Parameters parameters, Argon2Arena arena)
    {
        _variant = variant;
        _iterations = parameters.Iterations;
        _lanes = parameters.Parallelism;
        _segmentBlocks = parameters.MemoryKiB / (SlicesPerPass * _lanes);
        _laneBlocks = _segmentBlocks * SlicesPerPass;
        _memory = (ulong*)arena.Take((long)_lanes * _laneBlocks * Argon2id.BlockBytes);
    }

    internal void StoreBlock(int lane, int index, ReadOnlySpan<ulong> words)
    {
        var block = BlockAt(lane, index);
        for (var word = 0; word < WordsPerBlock; word++)
        {
            block[TKernel.Places[word]] = words[word];
        }
    }

    /// <summary>Section 3.2, step 7: the XOR of the last blocks of all lanes, in the order of the specification.</summary>
    internal void XorLastBlocks(Span<ulong> words)
    {
        words.Clear();
        for (var lane = 0; lane < _lanes; lane++)
        {
            var block = BlockAt(lane, _laneBlocks - 1);
            for (var word = 0; word < WordsPerBlock; word++)
            {
                words[word] ^= block[TKernel.Places[word]];
            }
        }
    }

    internal void Fill()
    {
        for (var pass = 0; pass < _iterations; pass++)
        {
            for (var slice = 0; slice < SlicesPerPass; slice++)
            {
                for (var lane = 0; lane < _lanes; lane++)
                {
                    FillSegment(pass, slice, lane);
                }
            }
        }
    }

    private ulong* BlockAt(int lane, int index) => _memory + (((long)lane * _laneBlocks) + index) * WordsPerBlock;

    // Argon2id takes addresses that do not depend on the password for the first half of the first pass, where a watcher of memory
    // accesses would learn most, and password-dependent ones afterwards (section 3.4.1.3).
    private bool AddressesAreIndependent(int pass, int slice) =>
        _variant == Argon2Variant.I || (_variant == Argon2Variant.Id && pass == 0 && slice < SlicesPerPass / 2);

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void FillSegment(int pass, int slice, int lane)
    {
        // Three blocks for independent addresses (section 3.4.1.2): zeros, the counter's input, 128 addresses.
        var unaligned = stackalloc byte[(3 * Argon2id.BlockBytes) + 63];
        var zeroBlock = (ulong*)(((nint)unaligned + 63) & ~63);
        var inputBlock = zeroBlock + WordsPerBlock;
        var addressBlock = inputBlock + WordsPerBlock;
        var places = TKernel.Places;
        var independent = AddressesAreIndependent(pass, slice);
        if (independent)
        {
            new Span<ulong>(zeroBlock, 3 * WordsPerBlock).Clear();
            inputBlock[places[0]] = (ulong)pass;
            inputBlock[places[1]] = (ulong)lane;
            inputBlock[places[2]] = (ulong)slice;
            inputBlock[places[3]] = (ulong)_lanes * (ulong)_laneBlocks;
            inputBlock[places[4]] = (ulong)_iterations;
            inputBlock[places[5]] = (ulong)_variant;
        }

        var window = ReferenceWindow(pass, slice);
        var firstBlock = pass == 0 && slice == 0 ? 2 : 0;
        for (var index = firstBlock; index < _segmentBlocks; index++)
        {
            var column = (slice * _segmentBlocks) + index;
            var previous = BlockAt(lane, column == 0 ? _laneBlocks - 1 : column - 1);

            ulong pseudoRandom;
            if (independent)
            {
                // The addresses come 128 at a time; the first segment starts at its third.
                if (index % WordsPerBlock == 0 || index == firstBlock)
                {
                    inputBlock[places[6]]++;
                    TKernel.Compress(zeroBlock, inputBlock, addressBlock, keepOld: false);
                    TKernel.Compress(zeroBlock, addressBlock, addressBlock, keepOld: false);
                }

                pseudoRandom = addressBlock[places[index % WordsPerBlock]];
                PrefetchNextReference(addressBlock, places, pass, slice, lane, index + 1, window);
            }
            else
            {
                pseudoRandom = previous[0]; // word 0 is at place 0 in every order
            }

            var reference = Reference(pseudoRandom, pass, slice, lane, index, window);
            TKernel.Compress(previous, reference, BlockAt(lane, column), keepOld: pass != 0);
        }

        // Independent addresses say nothing about the password, so these three blocks need no wiping.
    }

    // Addresses that do not depend on the previous block are known early enough to fetch their memory while it is being made.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void PrefetchNextReference(
        ulong* addressBlock, ReadOnlySpan<byte> places, int pass, int slice, int lane, int index, (uint Start, uint Finished) window)
    {
        if (!Sse.IsSupported || index % WordsPerBlock == 0 || index == _segmentBlocks)
        {
            return;
        }

        var reference = (byte*)Reference(addressBlock[places[index % WordsPerBlock]], pass, slice, lane, index, window);
        for (var line = 0; line < Argon2id.BlockBytes; line += 64)
        {
            Sse.Prefetch0(reference + line);
        }
    }

    // Section 3.4.2: the finished blocks one may refer to start after the current slice in later passes, and number three slices;
    // in the first pass they are all slices before this one.
    private (uint Start, uint Finished) ReferenceWindow(int pass, int slice)
    {
        var startsAtZero = pass == 0 || slice == SlicesPerPass - 1;
        return (
            startsAtZero ? 0u : (uint)((slice + 1) * _segmentBlocks),
            (uint)(pass == 0 ? slice * _segmentBlocks : _laneBlocks - _segmentBlocks));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ulong* Reference(ulong pseudoRandom, int pass, int slice, int lane, int index, (uint Start, uint Finished) window)
    {
        // J2, the high half, picks the lane; nothing of another lane is finished in the very first slice.
        var referenceLane = _lanes == 1 || (pass == 0 && slice == 0) ? lane : (int)((uint)(pseudoRandom >> 32) % (uint)_lanes);

        // |W|: of its own lane also what this segment has made so far, except the previous block; of another lane one block less at
        // the start of a segment, because that one may be the previous block of its own lane.
        var candidates = referenceLane == lane ? window.Finished + (uint)index - 1 : window.Finished - (index == 0 ? 1u : 0u);

        // J1, the low half, is squared so that recent blocks are likelier.
        var j1 = (ulong)(uint)pseudoRandom;
        var x = (j1 * j1) >> 32;
        var y = (candidates * x) >> 32;
        var position = window.Start + (uint)(candidates - 1 - y);
        if (position >= (uint)_laneBlocks)
        {
            position -= (uint)_laneBlocks;
        }

        return BlockAt(referenceLane, (int)position);
    }
}
