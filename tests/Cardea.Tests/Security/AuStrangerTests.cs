using System.Diagnostics.Metrics;
using System.Net;
using System.Text.Json;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;
using Microsoft.Extensions.DependencyInjection;

namespace Cardea.Tests.Security;

/// <summary>What costs a stranger nothing, neither a hash nor the tries of an account, fills neither log nor disk. The metric counts every one.</summary>
public sealed class AuStrangerTests
{
    private const int Times = 200;
    private static readonly string[] Told = ["1", "10", "100"];

    [Theory, OnSqlite, OnPostgres]
    public async Task AU_01_Junk_of_one_address_leaves_a_row_for_the_first_and_each_tenfold_of_a_kind(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, ("TrustedProxies", "127.0.0.1"));
        var alice = await (await app.NewActor("alice").SignUpAsync()).SignInAsync();
        var known = await PasskeyHolder.AddAsync(app, alice);
        var stranger = app.NewActor();
        var options = await PasskeyHolder.OptionsAsync(stranger);
        var unsigned = known.Passkey.Get(options);
        unsigned["response"]!["signature"] = SoftPasskey.Text([0x30, 0x06, 0x02, 0x01, 0x00, 0x02, 0x01, 0x00]);
        var unknown = new PasskeyHolder(app).Passkey;
        (unknown.RpId, unknown.UserHandle) = (known.Passkey.RpId, known.Passkey.UserHandle);
        var kinds = new Dictionary<string, (string Path, Func<int, object> Body)>
        {
            ["challenge"] = ("/auth/passkey/login", _ => new { credential = known.Passkey.Get(JsonSerializer.SerializeToElement(new { challenge = "AAAA" })) }),
            ["unknown_passkey"] = ("/auth/passkey/login", _ => new { credential = unknown.Get(options) }),
            ["not_verified"] = ("/auth/passkey/login", _ => new { credential = unsigned }),
            ["invalid_link"] = ("/auth/link/login", number => new { token = SoftPasskey.Text([.. BitConverter.GetBytes(number), .. new byte[28]]) }),
            ["unknown_account"] = ("/auth/code/login", number => new { email = $"nobody{number}@example.org", code = "123456" }),
        };
        foreach (var (reason, (path, body)) in kinds)
        {
            using var refused = new SignInsRefused(app);
            await Parallel.ForAsync(0, Times, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (number, _) =>
                Assert.InRange((int)(await SendAsync(path, body(number), "203.0.113.1")).Status, 400, 401));
            Assert.Equal(Told, await TimesAsync(reason));
            Assert.Equal(Times, refused.Count);

            await SendAsync(path, body(Times), "203.0.113.2"); // another address has its own
            Assert.Equal(["1", .. Told], await TimesAsync(reason));
        }

        app.Clock.Advance(TimeSpan.FromMinutes(16));
        var (again, link) = kinds["invalid_link"];
        await SendAsync(again, link(0), "203.0.113.1");
        Assert.Equal(["1", "1", .. Told], await TimesAsync("invalid_link"));

        Task<Answer> SendAsync(string path, object body, string from) => stranger.SendAsync(
            HttpMethod.Post, path, JsonSerializer.Serialize(body), withToken: false, request => request.Headers.Add("X-Forwarded-For", from));
        async Task<IEnumerable<string>> TimesAsync(string reason) =>
            (await app.Database.QueryAsync<string>("SELECT detail FROM audit_events WHERE event = 'sign_in.failed'"))
            .Select(detail => JsonDocument.Parse(detail).RootElement).Where(detail => detail.GetProperty("reason").GetString() == reason)
            .Select(detail => detail.GetProperty("times").ToString()).Order(StringComparer.Ordinal);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task AU_01_Wrong_codes_of_an_account_are_all_written_and_blocks_of_made_up_names_are_not(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = await app.NewActor("alice").SignUpAsync();
        var stranger = app.NewActor();
        foreach (var name in new[] { alice.Email, "nobody1@example.org", "nobody2@example.org", "nobody3@example.org" })
        {
            for (var number = 0; number < 11; number++)
            {
                (await stranger.PostAsync("/auth/code/login", new { email = name, code = "123456" })).Expect(number < 10 ? HttpStatusCode.Unauthorized : HttpStatusCode.TooManyRequests);
            }
        }

        var rows = await app.Database.QueryAsync<(string Event, string? AccountId)>("SELECT event, account_id FROM audit_events WHERE event LIKE 'sign_in.%'");
        Assert.Equal(10, rows.Count(row => row.Event == "sign_in.failed" && row.AccountId == alice.Id));
        Assert.Equal(1, rows.Count(row => row.Event == "sign_in.throttled" && row.AccountId == alice.Id));
        Assert.Equal(2, rows.Count(row => row.Event == "sign_in.failed" && row.AccountId is null)); // of thirty: the first and the tenth
        Assert.Equal(1, rows.Count(row => row.Event == "sign_in.throttled" && row.AccountId is null)); // of three blocks
    }

    /// <summary>Counts the sign-ins that one server has refused.</summary>
    private sealed class SignInsRefused : IDisposable
    {
        private readonly MeterListener _listener = new();
        private int _count;

        public SignInsRefused(TestApp app)
        {
            var factory = app.Services.GetRequiredService<IMeterFactory>();
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Name == "cardea.sign_ins" && ReferenceEquals(instrument.Meter.Scope, factory))
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            };
            _listener.SetMeasurementEventCallback<long>((_, by, _, _) => Interlocked.Add(ref _count, (int)by));
            _listener.Start();
        }

        public int Count => Volatile.Read(ref _count);

        public void Dispose() => _listener.Dispose();
    }
}
