using Cardea.Foundation.Data;

namespace Cardea.Features.Challenges;

public sealed class ChallengeStore
{
    /// <summary>One statement decides: of any number of parallel callers with the same solution, on any node, one gets true.</summary>
    public async Task<bool> TryUseAsync(Transaction transaction, byte[] challengeHash, long expiresAt) => await transaction.ExecuteAsync(
        "INSERT INTO used_challenges (challenge_hash, expires_at) VALUES (@challengeHash, @expiresAt) ON CONFLICT (challenge_hash) DO NOTHING", new { challengeHash, expiresAt }) == 1;

    public Task<int> PurgeAsync(Transaction transaction, long before, int most) => transaction.ExecuteAsync(
        "DELETE FROM used_challenges WHERE challenge_hash IN (SELECT challenge_hash FROM used_challenges WHERE expires_at <= @before ORDER BY expires_at LIMIT @most)", new { before, most });
}
