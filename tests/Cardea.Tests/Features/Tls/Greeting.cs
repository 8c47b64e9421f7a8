using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace Cardea.Tests.Features.Tls;

/// <summary>A ClientHello (RFC 5246 section 7.4.1.2) put together by hand, which offers compression too.</summary>
internal static class Greeting
{
    public const int Refused = -1;

    /// <returns>The compression of the server's hello, 0 for none; or <see cref="Refused"/> when it sent an alert or nothing.</returns>
    public static async Task<int> SendAsync(int port, int version, int[] suites)
    {
        byte[] extensions =
        [
            .. Extension(10, [0, 6, 0, 29, 0, 23, 0, 24]), // supported_groups: X25519, P-256, P-384
            .. Extension(11, [1, 0]), // ec_point_formats: uncompressed
            .. Extension(13, [0, 12, 4, 3, 5, 3, 8, 4, 4, 1, 2, 3, 2, 1]), // signature_algorithms, SHA-1 among them
        ];
        byte[] body =
        [
            .. Number(version), .. RandomNumberGenerator.GetBytes(32), 0,
            .. Number(suites.Length * 2), .. suites.SelectMany(Number),
            2, 1, 0, // compression: DEFLATE, then none
            .. Number(extensions.Length), .. extensions,
        ];
        byte[] record = [22, 3, 1, .. Number(body.Length + 4), 1, 0, .. Number(body.Length), .. body];

        using var tcp = new TcpClient();
        await tcp.ConnectAsync(IPAddress.Loopback, port);
        var stream = tcp.GetStream();
        await stream.WriteAsync(record);
        var answer = new byte[200];
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        try
        {
            var length = await stream.ReadAtLeastAsync(answer, 100, throwOnEndOfStream: false, patience.Token);
            // record header 5, handshake header 4, version 2, random 32, then the session id with its length before it, the suite, the compression
            return length > 80 && answer[0] == 22 ? answer[44 + answer[43] + 2] : Refused;
        }
        catch (IOException)
        {
            return Refused;
        }
    }

    private static byte[] Extension(int type, byte[] content) => [.. Number(type), .. Number(content.Length), .. content];

    private static byte[] Number(int value)
    {
        var bytes = new byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(bytes, (ushort)value);
        return bytes;
    }
}
