using System.Security.Cryptography;
using System.Text;
using Cardea.Crypto.Jose;
using Cardea.Crypto.Passwords;
using Cardea.Crypto.Secrets;
using Cardea.Crypto.Text;
using Cardea.Features.Accounts;
using Cardea.Features.Challenges;
using Cardea.Features.Passwords;
using Cardea.Features.SecondSteps;
using Cardea.Features.Sessions;
using Cardea.Features.Tokens;
using Cardea.Foundation.Pages;
using Cardea.Foundation.Web;
using Cardea.Tests.Harness;
using Microsoft.AspNetCore.Http;

namespace Cardea.Tests.Security;

/// <summary>
/// Every parser that a stranger reaches, given what is almost right. It takes or refuses and never throws, what it takes is in order, what we write it reads,
/// and none needs longer than its input is long.
/// </summary>
public sealed class ParserFuzzChecks
{
    private static readonly MasterKey Key = MasterKey.Generate();

    [Fact]
    public void Addresses_and_names_are_taken_in_one_form_or_refused()
    {
        Fuzz.Run("e-mail", ["alice@example.org", "Alice.O'Neil+tag@Sub.Example.co.uk", "anna@müller.example", "a@xn--mller-kva.example", "!#$%&'*+-/=?^_`{|}~@example.org", new string('a', 64) + "@example.org"], text =>
        {
            if (Email.TryParse(text, out var email))
            {
                Assert.True(email.Text.Length <= 254 && Ascii.IsValid(email.Text) && email.Text.Count(letter => letter == '@') == 1 && !email.Text.Any(char.IsWhiteSpace) && !email.Text.Any(char.IsAsciiLetterUpper));
                Assert.True(Email.TryParse(email.Text, out var again));
                Assert.Equal(email, again);
            }
        });
        Fuzz.Run("username", ["alice", "Alice.B_c-9", "a.b"], text =>
        {
            if (Username.TryParse(text, out var username))
            {
                Assert.True(username.Text == text && Ascii.IsValid(text) && !text.Contains('@') && Username.TryParse(username.Key, out var lower) && lower.Key == username.Key);
            }
        });
        Fuzz.Run("login", ["alice", "alice@example.org", "K\u212aelvin"], text =>
        {
            if (LoginName.TryParse(text, out var name))
            {
                Assert.True(Ascii.IsValid(name.Text) && LoginName.TryParse(name.Text, out var again) && again == name);
            }
        });
        Fuzz.Run("person's name", ["Anna", "Weiß-O'Neil", "Anne e\u0301 Marie", "\u5f20\u4f1f"], text =>
        {
            if (PersonName.TryParse(text, out var name) && name is not null)
            {
                Assert.True(name.Length <= PersonName.Longest && !name.Any(char.IsControl) && name.Trim() == name);
            }
        });
        Fuzz.Run("password", ["violet tractor lamp nine", "p\u00e4ssw\u00f6rd", "e\u0301e\u0301e\u0301e\u0301", new string('a', 1024)], text =>
        {
            if (PlainPassword.TryParse(text, out var password))
            {
                Assert.True(password.Reveal.IsNormalized() && Encoding.UTF8.GetByteCount(password.Reveal) <= PlainPassword.LongestInBytes && PlainPassword.TryParse(password.Reveal, out var again) && again.Reveal == password.Reveal);
            }
        });
        Fuzz.Run("where to return", ["/", "/account/security", "/login?return_url=/x&a=b", "/a%20b;c"], text =>
        {
            if (ReturnUrl.Local(text) is { } local)
            {
                Assert.Equal(text, local);
                Assert.True(Uri.TryCreate(new Uri("https://id.example.org"), local, out var there) && there.Host == "id.example.org", local);
            }
        });
    }

    [Fact]
    public void Texts_for_bytes_are_read_back_and_have_one_spelling()
    {
        var random = new Random(7);
        for (var length = 0; length < 200; length++)
        {
            var bytes = new byte[length];
            random.NextBytes(bytes);
            Assert.True(Base32Text.TryDecode(Base32Text.Encode(bytes), out var one) && one.AsSpan().SequenceEqual(bytes));
            Assert.True(Base64UrlText.TryDecode(Base64UrlText.Encode(bytes), out var other) && other.AsSpan().SequenceEqual(bytes));
        }

        Fuzz.Run("base32", [Base32Text.Encode(RandomNumberGenerator.GetBytes(20)), "JBSW Y3DP EHPK 3PXP", "jbswy3dpehpk3pxp", "ME======"], text =>
        {
            if (Base32Text.TryDecode(text, out var bytes))
            {
                Assert.Equal(text.Replace(" ", "").TrimEnd('=').ToUpperInvariant(), Base32Text.Encode(bytes));
            }
        });
        Fuzz.Run("base64url", [Base64UrlText.Encode(RandomNumberGenerator.GetBytes(33)), "AA", "", "_-_-"], text =>
        {
            if (Base64UrlText.TryDecode(text, out var bytes))
            {
                Assert.Equal(text, Base64UrlText.Encode(bytes));
            }
        });
        var hash = new PasswordHasher(new Argon2Parameters(1024, 1, 1));
        Fuzz.Run("PHC", [hash.DummyHash, "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21l$" + new string('A', 43), "$argon2id$v=19$m=65536,t=3,p=4$AAAAAAAAAAAAAAAAAAAAAA$" + new string('B', 42) + "A"], text =>
        {
            if (Argon2Phc.TryParse(text, out var phc))
            {
                Assert.True(phc.ToString() == text && phc.Parameters.IsWithinBounds);
            }
        });
    }

    [Fact]
    public void Tokens_are_ours_to_the_letter_or_nothing()
    {
        var signing = SigningKey.Generate(SigningAlgorithm.ES256);
        var token = signing.SignCompact("at+jwt", """{"iss":"https://id.example.org","sub":"1"}"""u8);
        var verifier = new JwsVerifier([VerificationKey.Of(signing)]);
        Fuzz.Run("JWT", [token, "e30.e30.", "eyJhbGciOiJub25lIn0.e30."], text =>
        {
            if (verifier.TryVerify(text, "at+jwt", out _, out _))
            {
                Assert.Equal(token, text);
            }
        });
        var format = new RefreshTokenFormat(Key);
        var refresh = format.Write(new RefreshToken(new string('a', 32), RefreshTokenFormat.NewRandomValue(), 7));
        Assert.True(format.TryRead(refresh, out var read) && format.Write(read) == refresh);
        Fuzz.Run("refresh token", [refresh], text => Assert.True(!format.TryRead(text, out _) || text == refresh));
        var cursors = new Cursors(Key);
        var cursor = cursors.Write("users", "0199aa");
        Assert.True(cursors.TryRead("users", cursor, out var position) && position == "0199aa");
        Fuzz.Run("cursor", [cursor, cursors.Write("users", "\u00e4\u5f20")], text => Assert.True(!cursors.TryRead("users", text, out var at) || cursors.Write("users", at) == text));
        var challenges = new WorkChallenges(Key, TimeProvider.System);
        var solution = WorkChallenges.Solve(challenges.Issue("sign-in", 8, counted: false).Value, 8);
        Fuzz.Run("challenge", [solution], text => Assert.True(challenges.Read(text, "sign-in") is null || text[..44] == solution[..44]));
        var secret = SecretToken.New().Reveal();
        Fuzz.Run("secret", [secret], text => Assert.True(!SecretToken.TryParse(text, out var one) || one.Reveal() == text));
        var readable = ReadableSecret.New().Reveal();
        Fuzz.Run("readable secret", [readable, "abcd efgh jkmn pqrs"], text => Assert.True(!ReadableSecret.TryParse(text, out var one) || (ReadableSecret.TryParse(one.Reveal(), out var again) && again.Reveal() == one.Reveal())));
        Fuzz.Run("code", ["123456", "000000"], text => Assert.True(!NumericCode.TryParse(text, out var one) || one.Reveal() == text));
    }

    [Fact]
    public void Headers_are_read_or_passed_over()
    {
        Fuzz.Run("Accept-Language", ["de-DE,de;q=0.9,en;q=0.8", "en", "*", "de;q=0", "fr;q=1.000,de;q=0.5"], text => Assert.Contains(Languages.Of(With("Accept-Language", text)), Languages.All));
        Fuzz.Run("Accept", ["text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "application/json", "text/html;q=0"], text => Accepts.PrefersHtml(With("Accept", text)));
        Fuzz.Run("language cookie", ["cardea-language=de", "cardea-language=en; a=b"], text => Assert.Contains(Languages.Of(With("Cookie", text)), Languages.All));
        Fuzz.Run("User-Agent", ["Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "curl/8"], text =>
        {
            var client = ClientInfo.Of(With("User-Agent", text).HttpContext);
            Assert.True(client.UserAgent.Length <= 256 && client.UserAgent.All(letter => letter is >= ' ' and < '\u007f'));
            Assert.NotEmpty(DeviceName.Of(client.UserAgent).ToString());
        });
        Fuzz.Run("address", ["192.0.2.1", "2001:db8::1", "::ffff:192.0.2.1", "fe80::1%eth0"], text =>
        {
            if (System.Net.IPAddress.TryParse(text, out var address))
            {
                Assert.NotEmpty(ClientAddress.Group(ClientAddress.Plain(address)));
            }
        });
    }

    [Fact]
    public void A_body_is_read_or_refused_by_the_name_of_what_is_wrong()
    {
        Body<SignUpRequest>("""{"email":"alice@example.org","password":"violet tractor lamp nine","username":"alice","given_name":"A","family_name":"\u00c4"}""");
        Body<LoginRequest>("""{"login":"alice","password":"violet tractor lamp nine","replace":true}""");
        Body<ResetRequest>("""{"token":"abc","password":"violet tractor lamp nine"}""");
        Body<SecondStepRequest>("""{"mfa_token":"abc","method":"passkey","credential":{"id":"AQ","response":{"clientDataJSON":"e30"}},"trust_device":false}""");

        static void Body<T>(string sample)
            where T : class => Fuzz.Run(typeof(T).Name, [sample, "{}", "[]"], text =>
        {
            var body = JsonBody.Parse<T>(Encoding.UTF8.GetBytes(text));
            Assert.True(body.Value is null != body.Problem is null);
            Assert.True(body.Problem is null || (body.Problem.Status == 400 && (body.Problem.Errors ?? new Dictionary<string, IReadOnlyList<Cardea.Foundation.Problems.Phrase>>()).Keys.All(name => name.Length is > 0 and <= 64 && Ascii.IsValid(name))));
        }, Fuzz.Count / 2);
    }

    private static HttpRequest With(string header, string value)
    {
        var http = new DefaultHttpContext();
        http.Request.Headers[header] = value;
        return http.Request;
    }
}
