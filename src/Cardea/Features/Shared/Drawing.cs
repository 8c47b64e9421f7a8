using System.Text;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Cardea.Features.Shared;

/// <summary>
/// A view as the whole of an answer. It is drawn before anything is sent, so that a view which fails is an error page and not half a page; and
/// drawn by the plain renderer, because the framework's own result names the framework in a header of every answer.
/// </summary>
internal sealed class Drawing<T>(IDictionary<string, object?> values, int status) : IResult
    where T : IComponent
{
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var services = httpContext.RequestServices;
        await using var renderer = new HtmlRenderer(services, services.GetRequiredService<ILoggerFactory>());
        var html = await renderer.Dispatcher.InvokeAsync(async () => (await renderer.RenderComponentAsync<T>(ParameterView.FromDictionary(values))).ToHtmlString());
        var bytes = Encoding.UTF8.GetBytes(html);
        var response = httpContext.Response;
        (response.StatusCode, response.ContentType, response.ContentLength) = (status, "text/html; charset=utf-8", bytes.Length);
        if (!HttpMethods.IsHead(httpContext.Request.Method))
        {
            await response.Body.WriteAsync(bytes, httpContext.RequestAborted);
        }
    }
}
