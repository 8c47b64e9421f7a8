using Cardea.Features.SigningKeys;
using Cardea.Foundation.Data;

namespace Cardea.Server.Commands;

/// <summary><c>cardea keys …</c></summary>
internal static class KeyCommands
{
    public static IReadOnlyList<Command> All { get; } =
    [
        new("keys list", "", "Lists the keys that sign access tokens.", ListAsync),
        new("keys rotate", "[--now]", "Makes a new key for access tokens.", RotateAsync)
        {
            More = """
                The new key is published first and signs ten minutes later, when every app can know it; the old one is accepted until its last token has
                expired. Nobody notices.

                --now    for a key that somebody else may have: the new key signs at once, and this server refuses what the old ones signed from now on.
                         Sessions live on, their next refresh brings a good token. Apps that verify tokens by themselves take the old key until they
                         read the key set again, five minutes at the latest.
                """,
        },
    ];

    private static async Task<int> ListAsync(CommandCall call)
    {
        await call.OpenAsync();
        var now = call.Get<TimeProvider>().Milliseconds();
        foreach (var key in await call.Get<SigningKeyRing>().ListAsync())
        {
            call.Out.WriteLine($"{key.Id}  {key.Algorithm}  made {key.CreatedAt.Shown()}  {State(key, now)}");
        }

        return 0;
    }

    private static string State(StoredSigningKey key, long now) => key switch
    {
        { SignsFrom: var from } when from > now => $"signs from {from.Shown()}",
        { VerifiesUntil: { } until } => $"accepted until {until.Shown()}",
        _ => "signs",
    };

    private static async Task<int> RotateAsync(CommandCall call)
    {
        await call.OpenAsync();
        var ring = call.Get<SigningKeyRing>();
        var isEmergency = call.Has("now");
        var id = isEmergency ? await ring.ReplaceAsync(call.Client) : await ring.RotateAsync(call.Client);
        var key = (await ring.ListAsync()).Single(key => key.Id == id);
        call.Out.WriteLine(isEmergency
            ? $"The key {id} signs from now on; the ones before it are refused."
            : $"The key {id} signs from {key.SignsFrom.Shown()}; until then it is published.");
        return 0;
    }
}
