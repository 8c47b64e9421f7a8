using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Cardea.Foundation.Web;

namespace Cardea.Features.Documents;

/// <summary>
/// Shows our types in the document as we write them, in snake_case and with absent members allowed, without changing how the host
/// application's own types are named.
/// </summary>
internal static class OwnNames
{
    public static readonly IJsonTypeInfoResolver Resolver = new Own();

    private sealed class Own : IJsonTypeInfoResolver
    {
        private readonly DefaultJsonTypeInfoResolver _inner = new();

        public JsonTypeInfo? GetTypeInfo(Type type, JsonSerializerOptions options)
        {
            // A generic type of ours, such as a page of a listing, is one; a Nullable or a list of ours is not.
            if (type.Assembly != typeof(Own).Assembly || (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(Optional<>)))
            {
                return null;
            }

            var info = _inner.GetTypeInfo(type, options);
            foreach (var property in info.Properties)
            {
                property.Name = JsonNamingPolicy.SnakeCaseLower.ConvertName(property.Name);
                property.NumberHandling = JsonNumberHandling.Strict; // we write numbers as numbers, and never take a text for one
                if (property.PropertyType == typeof(Optional<string>))
                {
                    property.IsRequired = false;
                }
            }

            return info;
        }
    }
}
