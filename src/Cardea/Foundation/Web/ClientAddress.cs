using System.Net;
using System.Net.Sockets;

namespace Cardea.Foundation.Web;

/// <summary>An address as limits and the audit log know it.</summary>
public static class ClientAddress
{
    /// <summary>IPv4 mapped into IPv6 is IPv4.</summary>
    public static IPAddress Plain(IPAddress? address) => address switch
    {
        null => IPAddress.None,
        { IsIPv4MappedToIPv6: true } => address.MapToIPv4(),
        _ => address,
    };

    /// <summary>Whoever has one IPv6 address has the other 2^64 of its network too, so the network is what is counted.</summary>
    public static string Group(IPAddress address)
    {
        if (address.AddressFamily is not AddressFamily.InterNetworkV6)
        {
            return address.ToString();
        }

        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out _);
        bytes[8..].Clear();
        return new IPAddress(bytes) + "/64";
    }
}
