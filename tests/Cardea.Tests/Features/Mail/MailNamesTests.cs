using Cardea.Features.Mail;

namespace Cardea.Tests.Features.Mail;

public sealed class MailNamesTests
{
    [Theory]
    [InlineData("Ada")]
    [InlineData("Jean-Luc")]
    [InlineData("O'Neill")]
    [InlineData("O\u2019Neill")]
    [InlineData("Björk Guðmundsdóttir")]
    [InlineData("Zoe\u0308")]
    [InlineData("दीपा")]
    [InlineData("山田太郎")]
    [InlineData("محمد")]
    public void A_name_stays_a_name(string typed) => Assert.Equal(typed, MailNames.SafeName($" {typed} "));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("   ")]
    [InlineData("- ' -")]
    [InlineData("evil.com")]
    [InlineData("evil\u3002com")]
    [InlineData("evil\uff0ecom")]
    [InlineData("evil\u2024com")]
    [InlineData("http://evil")]
    [InlineData("mailto:eve")]
    [InlineData("eve@evil")]
    [InlineData("Ada 2")]
    [InlineData("<b>Ada</b>")]
    [InlineData("{{code}}")]
    [InlineData("Ada\nSubject: x")]
    [InlineData("Ada\u2028x")]
    [InlineData("Ada\u202Emoc")]
    [InlineData("Ada\u200B")]
    [InlineData("Ada\0")]
    [InlineData("Ada, your account is closed")]
    [InlineData("Abcdefghijklmnopqrstuvwxyz Abcdefghijklmn")]
    public void HM_03_What_is_more_than_a_name_is_left_out(string? typed) => Assert.Null(MailNames.SafeName(typed));

    [Fact]
    public void HM_03_Half_a_character_is_not_a_name() => Assert.Null(MailNames.SafeName("Ada\ud800"));

    [Theory]
    [InlineData("Firefox 121.0 on Windows", "Firefox 121.0 on Windows")]
    [InlineData("Unbekanntes Gerät", "Unbekanntes Gerät")]
    [InlineData("evil\u0430com", "evil com")]
    [InlineData("2001:db8::1", "2001:db8::1")]
    [InlineData("203.0.113.7", "203.0.113.7")]
    [InlineData("visit https://evil.com/x now", "visit https: evil com x now")]
    [InlineData("eve@evil.com", "eve evil com")]
    [InlineData("evil\u3002com\r\n<a href=x>", "evil com a href x")]
    [InlineData("...", "")]
    [InlineData(null, "")]
    public void HM_03_A_device_holds_nothing_that_a_client_would_link(string? text, string shown) => Assert.Equal(shown, MailNames.Unlinked(text));

    [Theory]
    [InlineData("bob@mail.example.org", "b***@m***.org")]
    [InlineData("b***@m***.org", "b***@m***.org")]
    [InlineData("bob@localhost", "b***@l***")]
    [InlineData("click evil.com", "***")]
    [InlineData(null, "***")]
    public void An_address_is_shown_by_its_first_letters(string? email, string shown) => Assert.Equal(shown, MailNames.MaskEmail(email));

    [Theory]
    [InlineData("no-reply@localhost", null, "no-reply@localhost")]
    [InlineData("Cardea <no-reply@localhost>", "Cardea", "no-reply@localhost")]
    [InlineData("\"Example, Inc.\" <mail@example.org>", "Example, Inc.", "mail@example.org")]
    [InlineData("<mail@example.org>", null, "mail@example.org")]
    public void A_sender_is_an_address_with_or_without_a_name(string text, string? name, string address)
    {
        Assert.True(MailSender.TryParse(text, out var sender));
        Assert.Equal(new MailSender(name, address), sender);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("Cardea")]
    [InlineData("Cardea <no-reply>")]
    [InlineData("Cardea <a@example.org")]
    [InlineData("Car\r\nBcc: eve@example.org\r\ndea <a@example.org>")]
    [InlineData("bob@example.org, eve@example.org")]
    public void HM_02_A_sender_with_more_in_it_is_refused(string? text) => Assert.False(MailSender.TryParse(text, out _));
}
