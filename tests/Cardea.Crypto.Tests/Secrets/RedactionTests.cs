using System.Globalization;
using System.Reflection;
using Cardea.Crypto.Jose;
using Cardea.Crypto.Secrets;
using Cardea.Crypto.Text;
using Xunit;

namespace Cardea.Crypto.Tests.Secrets;

public class RedactionTests
{
    public static TheoryData<Type> SecretTypes() =>
    [
        .. typeof(SecretToken).Assembly.GetExportedTypes()
            .Where(type => (type.Namespace == typeof(SecretToken).Namespace && !(type.IsAbstract && type.IsSealed)) || type == typeof(SigningKey)),
    ];

    [Theory]
    [MemberData(nameof(SecretTypes))]
    public void A_secret_type_says_what_it_is_and_never_its_value(Type type)
    {
        // Declared on the type itself: a record's or a base's ToString may print fields.
        var declared = type.GetMethod(nameof(ToString), BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly, []);
        Assert.NotNull(declared);

        var (secret, values) = Sample(type);
        foreach (var text in (string[])[secret.ToString()!, $"{secret}", string.Format(CultureInfo.InvariantCulture, "{0}", secret)])
        {
            Assert.Matches(@"^\[[a-zA-Z0-9 _-]+\]$", text);
            Assert.All(values, value => Assert.DoesNotContain(value, text, StringComparison.OrdinalIgnoreCase));
        }
    }

    // A new secret type fails here until its sample is added.
    private static (object Secret, string[] Values) Sample(Type type)
    {
        if (type == typeof(MasterKey))
        {
            var key = MasterKey.Generate();
            return (key, Spellings(Convert.FromBase64String(key.ToBase64())));
        }

        if (type == typeof(AtRestCipher))
        {
            var key = MasterKey.Generate().Derive("test");
            return (new AtRestCipher(key), Spellings(key));
        }

        if (type == typeof(TokenHash))
        {
            var hash = SecretToken.New().Hash;
            return (hash, Spellings(hash.ToArray()));
        }

        if (type == typeof(SecretToken))
        {
            var token = SecretToken.New();
            return (token, [token.Reveal()]);
        }

        if (type == typeof(ReadableSecret))
        {
            var secret = ReadableSecret.New();
            return (secret, [secret.Reveal(), secret.Reveal().Replace("-", "", StringComparison.Ordinal)]);
        }

        if (type == typeof(NumericCode))
        {
            var code = NumericCode.New();
            return (code, [code.Reveal()]);
        }

        if (type == typeof(SigningKey))
        {
            var key = SigningKey.Generate(SigningAlgorithm.ES256);
            return (key, Spellings(key.ExportPkcs8()));
        }

        throw new InvalidOperationException($"{type} has no sample here.");
    }

    private static string[] Spellings(byte[] bytes) => [Convert.ToBase64String(bytes), Base64UrlText.Encode(bytes), Convert.ToHexString(bytes)];
}
