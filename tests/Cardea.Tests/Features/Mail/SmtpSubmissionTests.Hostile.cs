using System.Text;
using Cardea.Features.Mail;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Features.Mail;

/// <summary>What a stranger could type into an address or a mail.</summary>
public sealed partial class SmtpSubmissionTests
{
    [Theory]
    [InlineData("bob@example.org>\r\nRCPT TO:<eve@example.org")]
    [InlineData("\"bob@example.org\r\nRCPT TO:<eve@example.org>\"@example.org")]
    [InlineData("bob@example.org,eve@example.org")]
    [InlineData("bob@example.org NOTIFY=SUCCESS")]
    [InlineData("bob@example.org\0")]
    [InlineData("b\u00f6b@example.org")]
    [InlineData("bob\uff20example.org@x")]
    [InlineData("<bob@example.org>")]
    [InlineData("bob@[127.0.0.1]")]
    [InlineData("bob@example.org@example.net")]
    [InlineData("")]
    public async Task HM_02_A_hostile_address_never_reaches_the_server(string address)
    {
        using var listening = new ScriptedSmtp("220 hi\r\n");
        var client = Client(port: listening.Port);

        Assert.True((await FailAsync(client, address)).IsPermanent);
        var asSender = await Assert.ThrowsAsync<SmtpFailure>(() => client.SendAsync(address, "bob@example.org", Message, default));
        Assert.True(asSender.IsPermanent);
        Assert.Empty(listening.Heard);
    }

    [Theory]
    [InlineData("a\r\n.\nMAIL FROM:<eve@example.org>\r\n")]
    [InlineData("a\r\n\n.\r\n")]
    [InlineData("a\r.\r\n")]
    [InlineData("\u00e9\r\n")]
    [InlineData("\0\r\n")]
    public async Task HM_02_A_second_mail_cannot_be_smuggled_in_the_message(string message)
    {
        using var listening = new ScriptedSmtp("220 hi\r\n");

        var failure = await Assert.ThrowsAsync<SmtpFailure>(() =>
            Client(port: listening.Port).SendAsync("a@example.org", "b@example.org", Encoding.UTF8.GetBytes(message), default));

        Assert.True(failure.IsPermanent);
        Assert.Empty(listening.Heard);
    }
}
