using Cardea.Foundation.Web;

namespace Cardea.Features.Transfers;

/// <summary>One import: what was asked for, who asks, and what it has seen so far.</summary>
internal sealed class ImportRun(string system, ImportOptions options, SourceKey keys, ClientInfo client, string actor)
{
    public string System => system;

    public ImportOptions Options => options;

    public ClientInfo Client => client;

    public string Actor => actor;

    public SeenNames Seen { get; } = new(keys);

    /// <summary>What the last batch that was judged would add. A transaction may be judged again from its start, so nothing counts before its end.</summary>
    public SeenNames.Draft? Judged { get; set; }
}

/// <summary>
/// The addresses and names of one run: a dry run finds in it what the database would say in a real one, and a doubled row is told from one that an earlier
/// run has imported. 16 bytes each, so that a million accounts take some ten megabytes.
/// </summary>
internal sealed class SeenNames(SourceKey keys)
{
    private readonly HashSet<UInt128> _names = [];

    public Draft Begin() => new(this);

    /// <summary>A part that may yet come to nothing.</summary>
    public sealed class Draft(SeenNames seen)
    {
        private readonly HashSet<UInt128> _new = [];

        /// <summary>False where the address or the row itself was seen before.</summary>
        public bool Add(string email, UInt128 key)
        {
            var address = seen.Short("e", email);
            if (Has(address) || Has(key))
            {
                return false;
            }

            _new.Add(address);
            _new.Add(key);
            return true;
        }

        public void Remove(string email, UInt128 key)
        {
            _new.Remove(seen.Short("e", email));
            _new.Remove(key);
        }

        public bool HasUsername(string key) => Has(seen.Short("u", key));

        public bool HasId(string id) => id.Length > 0 && Has(seen.Short("i", id));

        public void AddNames(string? usernameKey, string id)
        {
            if (usernameKey is not null)
            {
                _new.Add(seen.Short("u", usernameKey));
            }

            if (id.Length > 0)
            {
                _new.Add(seen.Short("i", id));
            }
        }

        public void Keep() => seen._names.UnionWith(_new);

        private bool Has(UInt128 name) => _new.Contains(name) || seen._names.Contains(name);
    }

    private UInt128 Short(string kind, string name) => keys.Short($"{kind}\n{name}");
}
