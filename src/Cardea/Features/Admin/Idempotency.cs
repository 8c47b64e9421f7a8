using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Cardea.Crypto.Secrets;
using Cardea.Foundation.Data;
using Cardea.Foundation.Problems;
using Cardea.Foundation.Web;

namespace Cardea.Features.Admin;

/// <summary>
/// A create that is sent again under the same <c>Idempotency-Key</c> is done once, and answers what it answered. For a day, per caller and door. What
/// failed on our side is not remembered, so that trying again may succeed.
/// </summary>
public sealed class Idempotency(Database database, IdempotencyStore store, MasterKey masterKey, TimeProvider clock)
{
    public static readonly TimeSpan KeptFor = TimeSpan.FromDays(1);
    private const int LongestKey = 255;
    private static readonly TimeSpan Abandoned = TimeSpan.FromMinutes(1);

    private readonly AtRestCipher _cipher = new(masterKey.Derive("idempotent answers"));

    /// <param name="key">As the client sent it; null for none.</param>
    /// <param name="scope">Whose key it is, and at which door.</param>
    /// <param name="request">What was asked, to tell a repetition from a mistake.</param>
    /// <param name="act">Gives the status and the body of a success, or a refusal.</param>
    public async Task<(int Status, JsonElement Body, Problem? Refusal)> OnceAsync(
        string? key, string scope, object request, Func<Task<(int Status, object? Body, Problem? Refusal)>> act)
    {
        if (key is null)
        {
            return Told(await act());
        }

        if (key.Length is 0 or > LongestKey || key.Any(letter => letter is < ' ' or > '~'))
        {
            return (0, default, FieldErrors.One("Idempotency-Key", "Give 1 to 255 printable ASCII characters."));
        }

        var keyHash = SHA256.HashData(Encoding.UTF8.GetBytes($"{scope}\n{key}"));
        var requestHash = SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(request, request.GetType(), CardeaJson.Writing));
        var now = clock.Milliseconds();
        if (!await database.WriteAsync(transaction => store.TryBeginAsync(transaction, keyHash, requestHash, now, now - (long)Abandoned.TotalMilliseconds)))
        {
            return await database.ReadAsync(read => store.FindAsync(read, keyHash)) is { } stored ? Again(stored, requestHash, keyHash) : (0, default, AdminProblems.IdempotentInProgress);
        }

        try
        {
            var done = await act();
            var told = Told(done);
            await database.WriteAsync(transaction => done.Refusal is null
                ? store.FinishAsync(transaction, keyHash, told.Status, _cipher.Seal(JsonSerializer.SerializeToUtf8Bytes(told.Body), Place(keyHash)))
                : store.RemoveAsync(transaction, keyHash));
            return told;
        }
        catch
        {
            await database.WriteAsync(transaction => store.RemoveAsync(transaction, keyHash));
            throw;
        }
    }

    private (int Status, JsonElement Body, Problem? Refusal) Again(StoredAnswer stored, byte[] requestHash, byte[] keyHash) =>
        !CryptographicOperations.FixedTimeEquals(stored.RequestHash, requestHash) ? (0, default, AdminProblems.IdempotencyKeyReused)
        : stored is { Status: { } status, Answer: { } answer } && _cipher.TryOpen(answer, Place(keyHash), out var json) ? (status, JsonSerializer.Deserialize<JsonElement>(json), null)
        : (0, default, AdminProblems.IdempotentInProgress);

    private static (int Status, JsonElement Body, Problem? Refusal) Told((int Status, object? Body, Problem? Refusal) done) =>
        (done.Status, done.Body is null ? default : JsonSerializer.SerializeToElement(done.Body, done.Body.GetType(), CardeaJson.Writing), done.Refusal);

    private static string Place(byte[] keyHash) => "idempotency_keys/" + Convert.ToHexStringLower(keyHash);
}
