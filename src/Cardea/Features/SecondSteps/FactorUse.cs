using Cardea.Foundation.Data;

namespace Cardea.Features.SecondSteps;

/// <summary>How many of a kind of factor are in use on the whole server, told by the room that knows it.</summary>
public sealed record FactorUse(string Method, Func<Scope, Task<long>> CountAsync);
