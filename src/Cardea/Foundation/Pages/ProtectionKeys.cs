using System.Text;
using System.Xml.Linq;
using Cardea.Crypto.Secrets;
using Cardea.Foundation.Data;
using Microsoft.AspNetCore.DataProtection.Repositories;

namespace Cardea.Foundation.Pages;

/// <summary>
/// Keeps the framework's data-protection keys in the database, sealed under the master key: every node reads what any of them wrote, and the
/// database alone opens nothing.
/// </summary>
internal sealed class ProtectionKeys(Database database, ProtectionKeyStore store, MasterKey masterKey, TimeProvider clock) : IXmlRepository
{
    private const string Use = "protection key";

    private readonly AtRestCipher _cipher = new(masterKey.Derive("data protection"));

    // The framework's interface is synchronous; it asks once at the first page and then once a day.
    public IReadOnlyCollection<XElement> GetAllElements() =>
        [.. Task.Run(() => database.ReadAsync(store.ListAsync)).GetAwaiter().GetResult()
            .Select(content => _cipher.TryOpen(content, Use, out var xml) ? XElement.Parse(Encoding.UTF8.GetString(xml)) : null)
            .OfType<XElement>()];

    public void StoreElement(XElement element, string friendlyName)
    {
        var content = _cipher.Seal(Encoding.UTF8.GetBytes(element.ToString(SaveOptions.DisableFormatting)), Use);
        Task.Run(() => database.WriteAsync(transaction => store.AddAsync(transaction, Id.New(clock), content, clock.Milliseconds()))).GetAwaiter().GetResult();
    }
}
