namespace Cardea.Tests.Harness;

/// <summary>A mail as the server took it: the envelope, and the content as another language's parser reads it.</summary>
public sealed record ReceivedMail(
    string From,
    IReadOnlyList<string> To,
    bool Tls,
    string? SignedInAs,
    string Hello,
    byte[] Raw,
    IReadOnlyList<IReadOnlyList<string>> Headers,
    string? Subject,
    string? Text,
    string? Html,
    IReadOnlyList<string> Defects)
{
    public string? Header(string name) => Headers.FirstOrDefault(header => header[0].Equals(name, StringComparison.OrdinalIgnoreCase))?[1];
}

/// <summary>One command the server saw. The argument of AUTH isn't kept.</summary>
public sealed record SmtpCommand(string Name, string? Argument, bool Tls);

/// <summary>What the server does wrong. Points are command names ("RCPT", "DATA"), "RCPT address", or "." for the end of the message.</summary>
public sealed record SmtpFaults
{
    public Dictionary<string, string>? Replies { get; init; }

    public string? DropAt { get; init; }

    public string? SilentAt { get; init; }

    public bool NoStarttls { get; init; }

    public IReadOnlyList<string>? Mechanisms { get; init; }
}
