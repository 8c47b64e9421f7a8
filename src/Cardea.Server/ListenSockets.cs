using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace Cardea.Server;

/// <summary>
/// Shuts the door before the server stops. A connection that the kernel has taken but the server has not is reset when the listening socket closes, and a
/// proxy that has sent a POST on it may not send it again. So the kernel is told first to take no new ones, and the server has a moment for the others;
/// whoever comes later finds nobody listening, and a proxy goes to the next node with all of its request.
/// </summary>
internal sealed class ListenSockets : IHostedLifecycleService
{
    private const int SolSocket = 1;
    private const int SoAttachFilter = 26;
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(150);

    private readonly List<Socket> _sockets = [];

    /// <summary>
    /// A filter as classic BPF has it, over the TCP header: load the flags, drop what has SYN set, take the rest. So a handshake that has begun
    /// is finished, and none begins.
    /// </summary>
    private static readonly (ushort Code, byte Then, byte Else, uint Value)[] NoNewConnections =
    [
        (0x30, 0, 0, 13), // A = byte 13
        (0x45, 0, 1, 0x02), // A & SYN?
        (0x06, 0, 0, 0), // drop
        (0x06, 0, 0, uint.MaxValue), // take
    ];

    public Socket Make(EndPoint endpoint)
    {
        var socket = SocketTransportOptions.CreateDefaultBoundListenSocket(endpoint);
        lock (_sockets)
        {
            _sockets.Add(socket);
        }

        return socket;
    }

    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        var isShut = false;
        lock (_sockets)
        {
            foreach (var socket in _sockets)
            {
                isShut |= TryShut(socket);
            }
        }

        if (isShut)
        {
            await Task.Delay(Moment, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>False where there is no such filter: then the moment is as short as everybody's else.</summary>
    private static bool TryShut(Socket socket)
    {
        if (!OperatingSystem.IsLinux() || socket.AddressFamily is not (AddressFamily.InterNetwork or AddressFamily.InterNetworkV6))
        {
            return false;
        }

        try
        {
            // struct sock_filter { u16 code; u8 jt; u8 jf; u32 k; }, and struct sock_fprog { u16 len; sock_filter *filter; }
            var filter = GC.AllocateArray<byte>(NoNewConnections.Length * 8, pinned: true);
            for (var i = 0; i < NoNewConnections.Length; i++)
            {
                var (code, then, @else, value) = NoNewConnections[i];
                var line = filter.AsSpan(i * 8);
                BitConverter.TryWriteBytes(line, code);
                (line[2], line[3]) = (then, @else);
                BitConverter.TryWriteBytes(line[4..], value);
            }

            var program = new byte[IntPtr.Size * 2];
            BitConverter.TryWriteBytes(program, (ushort)NoNewConnections.Length);
            var address = Marshal.UnsafeAddrOfPinnedArrayElement(filter, 0);
            BitConverter.TryWriteBytes(program.AsSpan(IntPtr.Size), IntPtr.Size == 8 ? address : (int)address);
            socket.SetRawSocketOption(SolSocket, SoAttachFilter, program);
            GC.KeepAlive(filter);
            return true;
        }
        catch (Exception fault) when (fault is SocketException or ObjectDisposedException)
        {
            return false;
        }
    }
}
