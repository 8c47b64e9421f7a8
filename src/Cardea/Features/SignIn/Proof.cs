using Cardea.Foundation.Data;

namespace Cardea.Features.SignIn;

/// <summary>
/// What a way to prove hands to the gate: whose account, and how it was proved. It is no session and no token, and the method that made it
/// can make neither.
/// </summary>
/// <param name="Amr">The words of RFC 8176 that are true of it.</param>
/// <param name="Settle">What the method has to write once the proof is accepted as right, in the gate's own transaction: counters forgotten, a
/// secret used up. False when another was faster with the same secret: then there is no proof.</param>
public sealed record Proof(string AccountId, IReadOnlyList<string> Amr, Func<Transaction, Task<bool>> Settle, bool UsedTemporaryPassword = false);
