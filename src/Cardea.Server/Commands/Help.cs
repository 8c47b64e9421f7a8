namespace Cardea.Server.Commands;

internal static class Help
{
    public const string Text = """
        Cardea, the sign-in of any app.

        cardea [serve] [--urls URL] [--https] [--Cardea:KEY=VALUE …]
                          serves; with --https on https://localhost:8443 with a certificate of its own
        cardea migrate    brings the database up to this program's schema
        cardea --version
        cardea --help

        Settings come from appsettings.json, .env, environment variables (Cardea__Section__Key) and the command line, in this order.
        docs/reference/settings.md lists them.

        """;
}
