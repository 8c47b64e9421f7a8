using Cardea.Foundation.Web;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Cardea.Foundation.Pages;

internal static class PagesFoundation
{
    /// <summary>The name of the form field that holds the antiforgery token.</summary>
    public const string TokenField = "_token";

    public static void AddPagesFoundation(this IServiceCollection services)
    {
        services.AddRazorComponents();
        services.AddSingleton<ProtectionKeyStore>();
        services.AddSingleton<ProtectionKeys>();
        // Its keys are read, and the first one made, at the start: at the first page it may be too late, when the disk is full by then.
        services.AddDataProtection().SetApplicationName("cardea");
        services.AddSingleton<IConfigureOptions<KeyManagementOptions>>(provider => new ConfigureOptions<KeyManagementOptions>(options =>
        {
            options.XmlRepository = provider.GetRequiredService<ProtectionKeys>();
            options.XmlEncryptor = new SealedByRepository();
        }));
        services.AddAntiforgery();
        // Asked for at the first page and not before: its cookie's name hangs on the public URL, which may be known only when the server listens.
        services.AddSingleton<Func<IAntiforgery>>(provider => provider.GetRequiredService<IAntiforgery>);
        services.AddSingleton<IConfigureOptions<AntiforgeryOptions>>(provider => new ConfigureOptions<AntiforgeryOptions>(options =>
        {
            var isHttps = provider.GetRequiredService<PublicUrl>().IsHttps;
            options.FormFieldName = TokenField;
            options.HeaderName = null;
            options.SuppressXFrameOptionsHeader = true;
            options.Cookie.Name = isHttps ? "__Host-cardea-form" : "cardea-form";
            options.Cookie.HttpOnly = true;
            options.Cookie.Path = "/";
            options.Cookie.SameSite = SameSiteMode.Lax;
            options.Cookie.SecurePolicy = isHttps ? CookieSecurePolicy.Always : CookieSecurePolicy.None;
        }));
        services.Configure<FormOptions>(options =>
        {
            options.ValueCountLimit = 64;
            options.KeyLengthLimit = 128;
            options.ValueLengthLimit = 16 * 1024;
        });
        services.AddSingleton<Flash>();
        services.AddSingleton<StepCookie>();
        services.AddSingleton<BrowserBinding>();
    }

    /// <summary>The repository seals whole keys under the master key; inside they need no second lock, and the framework is told so.</summary>
    private sealed class SealedByRepository : Microsoft.AspNetCore.DataProtection.XmlEncryption.IXmlEncryptor
    {
        public Microsoft.AspNetCore.DataProtection.XmlEncryption.EncryptedXmlInfo Encrypt(System.Xml.Linq.XElement plaintextElement) =>
            new(plaintextElement, typeof(AsItIs));
    }

    internal sealed class AsItIs : Microsoft.AspNetCore.DataProtection.XmlEncryption.IXmlDecryptor
    {
        public System.Xml.Linq.XElement Decrypt(System.Xml.Linq.XElement encryptedElement) => encryptedElement;
    }
}
