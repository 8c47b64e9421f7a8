using Cardea.Features.Accounts;
using Cardea.Features.Admin;
using Cardea.Features.Audit;
using Cardea.Features.Backups;
using Cardea.Features.Challenges;
using Cardea.Features.Documents;
using Cardea.Features.EmailCodes;
using Cardea.Features.Health;
using Cardea.Features.MagicLinks;
using Cardea.Features.Mail;
using Cardea.Features.Objections;
using Cardea.Features.OneTimeSecrets;
using Cardea.Features.Overview;
using Cardea.Features.Passkeys;
using Cardea.Features.Passwords;
using Cardea.Features.RateLimits;
using Cardea.Features.RecoveryCodes;
using Cardea.Features.Roles;
using Cardea.Features.SecondSteps;
using Cardea.Features.Sessions;
using Cardea.Features.Setup;
using Cardea.Features.Shared;
using Cardea.Features.SignIn;
using Cardea.Features.SigningKeys;
using Cardea.Features.Standing;
using Cardea.Features.Tokens;
using Cardea.Features.Totp;
using Cardea.Features.Transfers;
using Cardea.Foundation;
using Cardea.Foundation.Settings;
using Cardea.Foundation.Web;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Cardea;

/// <summary>The table of features, a line each, in floor order: what stands lower knows nothing of what stands higher.</summary>
public static class CardeaFeatures
{
    /// <summary>
    /// Adds Cardea to an application. Reads every setting under <c>Cardea:</c> once, here; call it after the configuration is complete.
    /// The database is migrated, and what else must be there is made, when the host starts.
    /// </summary>
    /// <exception cref="SettingsException">Settings are wrong or unknown; the message lists all of them.</exception>
    public static IServiceCollection AddCardea(this IServiceCollection services, IConfiguration configuration, IHostEnvironment environment)
    {
        var settings = new SettingsReader(configuration);
        var isProduction = environment.IsProduction();
        var server = ServerOptions.Read(settings, isProduction);

        services.AddSingleton(settings);
        services.AddSingleton(new SettingsInForce(settings, configuration));
        services.AddFoundation(server);
        services.AddShared(settings);

        services.AddAudit();
        var mail = services.AddMail(settings, isProduction);
        services.AddRateLimits();
        services.AddOneTimeSecrets();
        services.AddSigningKeys(settings);
        services.AddRoles();
        services.AddBackups();

        services.AddAccounts(settings);
        services.AddSessions(settings);
        services.AddChallenges(settings);
        services.AddStanding();

        services.AddTokens(settings);
        services.AddSignIn(settings);
        services.AddSecondSteps(settings);

        services.AddPasswords(settings);
        services.AddTotp();
        services.AddPasskeys();
        services.AddRecoveryCodes();
        services.AddEmailCodes(settings, mail);
        services.AddMagicLinks(mail);
        services.AddObjections();
        services.AddOverview();
        services.AddSetup();
        services.AddAdmin(settings);
        services.AddTransfers();

        services.AddDocuments(server);

        settings.Finish();
        return services;
    }

    /// <summary>
    /// What every request to Cardea passes first: the client's address behind trusted proxies, the public host and scheme, the security
    /// headers, and an answer for every fault. For an application that serves nothing but Cardea; put it before everything else.
    /// </summary>
    public static IApplicationBuilder UseCardea(this IApplicationBuilder app)
    {
        ArgumentNullException.ThrowIfNull(app);
        if (app.ApplicationServices.GetRequiredService<ServerOptions>().RedirectPort > 0)
        {
            app.UseMiddleware<HttpsRedirect>();
        }

        return app.UseTrustedProxies().UseMiddleware<Entrance>().UseCrossOrigin().UseRouting();
    }

    /// <summary>Maps every route of Cardea.</summary>
    public static IEndpointRouteBuilder MapCardea(this IEndpointRouteBuilder routes)
    {
        ArgumentNullException.ThrowIfNull(routes);
        routes.MapHealth();
        routes.MapShared();
        routes.MapMail();
        routes.MapSigningKeys();
        routes.MapAccounts();
        routes.MapSessions();
        routes.MapChallenges();
        routes.MapTokens();
        routes.MapSignIn();
        routes.MapSecondSteps();
        routes.MapPasswords();
        routes.MapTotp();
        routes.MapPasskeys();
        routes.MapRecoveryCodes();
        routes.MapEmailCodes();
        routes.MapMagicLinks();
        routes.MapObjections();
        routes.MapOverview();
        routes.MapSetup();
        routes.MapAdmin();
        routes.MapDocuments();
        return routes;
    }
}
