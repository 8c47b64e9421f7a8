using System.Net;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Security;

/// <summary>Hashes that other programs made, of the password below: libxcrypt, Python's hashlib, the argon2 program.</summary>
public sealed class ImportedPasswordChecks
{
    private const string Password = "violet tractor lamp nine";

    [Theory]
    [OnSqlite("$2b$06$abcdefghijklmnopqrstuuyBY7gIt9FRH75ei4wJhv64yl1QxyWzu"), OnPostgres("$2b$06$abcdefghijklmnopqrstuuyBY7gIt9FRH75ei4wJhv64yl1QxyWzu")]
    [OnSqlite("AQAAAAIAAYagAAAAEAABAgMEBQYHCAkKCwwNDg/LyT8ykzs1NLl8yTj/3k8IObe6Loyo1Pn2lAMrq7vr9Q==")]
    [OnSqlite("pbkdf2_sha256$20000$pepperedsalt$vJJdf5OUG4YJHZA+2Qe1lZLyaxzj06TVylMqZEUHQ8E=")]
    [OnSqlite("$scrypt$ln=12,r=8,p=1$AAECAwQFBgcICQoLDA0ODw$OiXpF/MHaV9qzkpF6lKfOIzc+XJYb1NHreEMlZ40Zcg")]
    [OnSqlite("$argon2id$v=19$m=12288,t=3,p=1$c2FsdHNhbHRzYWx0c2FsdA$C0UZrCYdx/GDT16KuAv8FettCjh40Q6zJVQa+SAkuRs"), OnPostgres("$argon2id$v=19$m=12288,t=3,p=1$c2FsdHNhbHRzYWx0c2FsdA$C0UZrCYdx/GDT16KuAv8FettCjh40Q6zJVQa+SAkuRs")]
    public async Task PW_09_A_hash_of_another_system_or_cost_signs_in_and_is_replaced_at_the_current_cost(Engine engine, string stored)
    {
        await using var app = await TestApp.StartAsync(engine, ("Passwords:MemoryKiB", "2048"), ("Passwords:Iterations", "3"));
        var alice = await app.NewActor("alice").SignUpAsync();
        await app.ChangeAccountAsync(alice, "password_hash = @stored", new { stored });

        (await alice.TrySignInAsync("violet tractor lamp ten")).Expect(HttpStatusCode.Unauthorized, "invalid_credentials");
        Assert.Equal(stored, await app.PasswordHashAsync(alice));

        (await alice.TrySignInAsync(Password)).Expect(HttpStatusCode.OK);
        var replaced = await app.PasswordHashAsync(alice);
        Assert.StartsWith("$argon2id$v=19$m=2048,t=3,p=1$", replaced, StringComparison.Ordinal);

        (await alice.TrySignInAsync(Password)).Expect(HttpStatusCode.OK);
        (await alice.TrySignInAsync("violet tractor lamp ten")).Expect(HttpStatusCode.Unauthorized, "invalid_credentials");
        Assert.Equal(replaced, await app.PasswordHashAsync(alice));
    }
}
