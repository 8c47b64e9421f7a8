using Cardea.Foundation.Data;
using Cardea.Foundation.Settings;
using Cardea.Tests.Harness;
using Microsoft.Extensions.DependencyInjection;

namespace Cardea.Tests.Features.Settings;

/// <summary>The keys and defaults that the outside was promised. A change here breaks somebody's configuration.</summary>
public sealed class ContractKeysTests
{
    private static readonly Dictionary<string, string?> Promised = new()
    {
        ["PublicUrl"] = null,
        ["DataDirectory"] = "./data",
        ["Cors:AllowedOrigins"] = null,
        ["Docs:Enabled"] = "true",
        ["TrustedProxies"] = null,
        ["Database:Provider"] = "sqlite",
        ["Database:ConnectionString"] = null,
        ["Database:ConnectionStringFile"] = null,
        ["MasterKey"] = null,
        ["MasterKeyFile"] = null,
        ["Mail:Transport"] = "mailbox",
        ["Mail:TemplatesDirectory"] = null,
        ["Mail:From"] = "Cardea <no-reply@localhost>",
        ["Mail:Smtp:Host"] = null,
        ["Mail:Smtp:Port"] = "587",
        ["Mail:Smtp:Username"] = null,
        ["Mail:Smtp:Password"] = null,
        ["Mail:Smtp:PasswordFile"] = null,
        ["Mail:Smtp:Security"] = "starttls",
        ["SignUp:Enabled"] = "true",
        ["SignUp:RequireVerifiedEmail"] = "false",
        ["SignUp:ConcealExistingAccounts"] = "false",
        ["Passwords:MinimumLength"] = "8",
        ["Passwords:MemoryKiB"] = "19456",
        ["Passwords:Iterations"] = "2",
        ["Passwords:Parallelism"] = "1",
        ["Passwords:RefuseCommon"] = "true",
        ["Recovery:Method"] = "link",
        ["Tokens:AccessTokenMinutes"] = "15",
        ["Tokens:Audience"] = null,
        ["Tokens:Algorithm"] = "ES256",
        ["Tokens:RefreshTokenDays"] = "30",
        ["Sessions:IdleDays"] = "30",
        ["Sessions:AbsoluteDays"] = "90",
        ["Sessions:MaxPerAccount"] = "0",
        ["Sessions:WhenFull"] = "refuse",
        ["SignIn:NotifyByMail"] = "new-device",
        ["SignIn:MailedCode"] = "off",
        ["SignIn:RequireSecondFactor"] = "never",
        ["SignIn:Challenge"] = "off",
        ["Admin:Impersonation"] = "false",
        ["Branding:Name"] = "Cardea",
        ["Branding:LogoPath"] = null,
        ["Branding:AccentColor"] = "#2f5bd7",
        ["Branding:FooterNote"] = "",
        ["Branding:StylesheetPath"] = null,
        ["Bootstrap:AdminEmail"] = null,
        ["Bootstrap:AdminPassword"] = null,
        ["Bootstrap:AdminPasswordFile"] = null,
    };

    [Fact]
    public async Task Every_promised_key_is_read_and_has_its_default()
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite);

        var known = app.Services.GetRequiredService<SettingsReader>().Known.ToDictionary(setting => setting.Key["Cardea:".Length..], setting => setting.Default);

        foreach (var (key, initial) in Promised)
        {
            Assert.True(known.ContainsKey(key), $"Nobody reads Cardea:{key}.");
            Assert.True(known[key] == initial, $"Cardea:{key}: promised is {initial ?? "nothing"}, the default is {known[key] ?? "nothing"}.");
        }
    }
}
