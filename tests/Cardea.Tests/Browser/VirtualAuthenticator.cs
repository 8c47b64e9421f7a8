using System.Net;
using System.Net.Sockets;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;
using Microsoft.Playwright;

namespace Cardea.Tests.Browser;

/// <summary>The authenticator that Chromium plays for tests: a phone or a laptop whose owner says yes at once.</summary>
public sealed class VirtualAuthenticator
{
    private readonly ICDPSession _session;
    private readonly string _id;

    private VirtualAuthenticator(ICDPSession session, string id) => (_session, _id) = (session, id);

    /// <summary>A server whose name a browser takes for a relying party, which an address is not.</summary>
    public static Task<TestApp> StartAppAsync(params (string Key, string Value)[] settings)
    {
        using var free = new TcpListener(IPAddress.Loopback, 0);
        free.Start();
        return TestApp.StartAsync(Engine.Sqlite, [(":urls", $"http://localhost:{((IPEndPoint)free.LocalEndpoint).Port}"), .. settings]);
    }

    public static async Task<VirtualAuthenticator> PlugInAsync(Visitor visitor)
    {
        var session = await visitor.Context.NewCDPSessionAsync(visitor.Page);
        await session.SendAsync("WebAuthn.enable");
        var added = await session.SendAsync("WebAuthn.addVirtualAuthenticator", new()
        {
            ["options"] = new Dictionary<string, object>
            {
                ["protocol"] = "ctap2",
                ["transport"] = "internal",
                ["hasResidentKey"] = true,
                ["hasUserVerification"] = true,
                ["isUserVerified"] = true,
                ["automaticPresenceSimulation"] = true,
            },
        });
        return new(session, added!.Value.GetProperty("authenticatorId").GetString()!);
    }

    /// <summary>Whether its owner is recognised, as by a finger that it knows.</summary>
    public Task VerifyAsync(bool isVerified) => _session.SendAsync("WebAuthn.setUserVerified", new() { ["authenticatorId"] = _id, ["isUserVerified"] = isVerified });

    /// <summary>Whether somebody touches it when it asks.</summary>
    public Task TouchAsync(bool isTouched) => _session.SendAsync("WebAuthn.setAutomaticPresenceSimulation", new() { ["authenticatorId"] = _id, ["enabled"] = isTouched });

    /// <summary>From now on the browser is one that shows no passkeys in the list of names: only the button asks for one.</summary>
    public static Task HideListAsync(Visitor visitor) => visitor.Page.AddInitScriptAsync("PublicKeyCredential.isConditionalMediationAvailable = async () => false");
}
