using Cardea.Foundation.Data;
using Cardea.Tests.Faults;
using Cardea.Tests.Harness;
using Cardea.Tests.Nodes;
using Cardea.Tests.Races;
using Cardea.Tests.Security;

namespace Cardea.Faults;

/// <summary>The races of every run, until they have been run as often as was promised. Each time on a server of their own, so that no limit decides a race.</summary>
public sealed class RacesAtLength
{
    [Theory, OnSqlite, OnPostgres]
    public Task RE_14_One_refresh_token_50_times_at_once(Engine engine) => AtLengthAsync("RE-14", engine, 5, new SessionRaces().RT_03_A_refresh_token_used_50_times_at_once_has_one_successor);

    [Theory, OnPostgres]
    public Task RE_14_One_refresh_token_50_times_at_once_on_two_nodes(Engine engine) =>
        AtLengthAsync("RE-14, two nodes", engine, 5, new SharedStateAcrossNodesTests().RT_03_One_refresh_token_on_both_nodes_at_once_has_one_successor);

    [Theory, OnSqlite, OnPostgres]
    public Task RE_15_One_address_signs_up_50_times_at_once(Engine engine) => AtLengthAsync("RE-15", engine, 3, new SignUpRaces().Of_50_that_sign_up_with_one_address_in_any_case_one_gets_it);

    [Theory, OnSqlite, OnPostgres]
    public Task RE_17_One_reset_link_32_times_at_once(Engine engine) => AtLengthAsync("RE-17, reset link", engine, 3, new OneTimeSecretRaces().OT_02_Of_32_new_passwords_by_one_reset_link_one_is_set);

    [Theory, OnSqlite, OnPostgres]
    public Task RE_17_One_mailed_code_or_link_32_times_at_once(Engine engine) =>
        AtLengthAsync("RE-17, mailed code and link", engine, 6, new OneTimeSecretRaces().OT_02_Of_32_sign_ins_by_one_mailed_code_or_one_link_one_gets_in);

    [Theory, OnSqlite("totp"), OnSqlite("recovery_code"), OnPostgres("totp"), OnPostgres("recovery_code")]
    public Task RE_17_One_code_of_a_factor_32_times_at_once(Engine engine, string method) =>
        AtLengthAsync($"RE-17, {method}", engine, 3, on => new FactorRaces().MF_02_MF_08_One_code_finishes_one_sign_in(on, method));

    [Theory, OnSqlite, OnPostgres]
    public Task RE_17_One_assertion_of_a_passkey_32_times_at_once(Engine engine) =>
        AtLengthAsync("RE-17, passkey", engine, 1, new PasskeyCeremonyChecks().PK_01_Of_32_who_present_the_same_assertion_at_once_one_is_let_in);

    private static async Task AtLengthAsync(string id, Engine engine, int roundsOfOne, Func<Engine, Task> race)
    {
        var rounds = 0;
        while (rounds < Scale.Of(0, 200))
        {
            await race(engine);
            rounds += roundsOfOne;
        }

        Scale.Measured(id, $"{engine}, {rounds} rounds: 0 violations");
    }
}
