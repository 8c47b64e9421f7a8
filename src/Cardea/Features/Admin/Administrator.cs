using Cardea.Foundation.Web;

namespace Cardea.Features.Admin;

/// <summary>Who administers: an account, or a command of the executable under its own name.</summary>
/// <param name="Actor">Stands in the audit row beside the account that it is about.</param>
public sealed record Administrator(string Actor, ClientInfo Client);
