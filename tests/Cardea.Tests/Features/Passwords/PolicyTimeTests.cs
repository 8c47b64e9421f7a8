using System.Diagnostics;
using Cardea.Features.Passwords;
using Cardea.Features.Shared;
using Cardea.Foundation.Problems;
using Cardea.Foundation.Web;
using Xunit.Abstractions;

namespace Cardea.Tests.Features.Passwords;

/// <summary>Whether a password is easy to guess is found out on the hashing threads, for strangers, and on the request's own for who is known: it must not take long, whatever is typed.</summary>
public sealed class PolicyTimeTests(ITestOutputHelper output)
{
    [Fact]
    public void RE_11_No_password_keeps_the_estimator_busy()
    {
        var policy = new PasswordPolicy(new PasswordsOptions(), new Branding(), new PublicUrl(new Uri("https://id.example.org"), null!));
        string[] hard =
        [
            "violet tractor lamp nine", new string('a', 1024), new string('1', 1024), Repeat("password", 1024), Repeat("p4$$w0rd", 1024), Repeat("1990", 1024), Repeat("19901231", 1024), Repeat("qwertyuiop", 1024),
            Repeat("abcdefghijklmnopqrstuvwxyz", 1024), Repeat("aA1!", 1024), Repeat("4@8({[<369!1|0$5+7%2", 1024), Repeat("l1!|i", 1024), Repeat("lovemonkeydragon", 1024), Repeat("1/2/90 ", 1024), Repeat("\u00e4\u00f6", 512),
        ];
        string[] names = [Repeat("alice.", 240) + "@example.org", Repeat("bob-", 32), Repeat("Anna ", 100), Repeat("a1 b2c ", 100)];
        foreach (var password in hard)
        {
            policy.Accept(password, "password", names, new FieldErrors()); // warm
        }

        var worst = hard.Select(password => (Password: password, Taken: Enumerable.Range(0, 5).Min(_ => Take(password)))).OrderByDescending(one => one.Taken).ToList();
        foreach (var (password, taken) in worst)
        {
            output.WriteLine($"{taken.TotalMilliseconds:F2} ms: {password[..Math.Min(40, password.Length)]}");
        }

        Assert.True(worst[0].Taken < TimeSpan.FromMilliseconds(100), $"{worst[0].Taken.TotalMilliseconds} ms for {worst[0].Password[..40]}");

        TimeSpan Take(string password)
        {
            var begun = Stopwatch.GetTimestamp();
            policy.Accept(password, "password", names, new FieldErrors());
            return Stopwatch.GetElapsedTime(begun);
        }
    }

    private static string Repeat(string piece, int length) => string.Concat(Enumerable.Repeat(piece, (length / piece.Length) + 1))[..length];
}
