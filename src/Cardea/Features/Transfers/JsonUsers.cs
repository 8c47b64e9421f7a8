using System.Text.Json;

namespace Cardea.Features.Transfers;

/// <summary>One element of the array; without a document when it can't be read.</summary>
internal sealed record JsonUser(long Number, JsonDocument? Document, Skipped? Fault = null);

/// <summary>
/// The array <c>users</c> of one large JSON object, element by element: an export may be larger than memory, one user of it may not. Everything else in
/// the object is walked over.
/// </summary>
internal sealed class JsonUsers : IDisposable
{
    private const int LongestUser = 256 * 1024;
    private const int LongestToken = 16 * 1024 * 1024;

    /// <summary>Of the elements of an array that is a member of the outermost object.</summary>
    private const int ElementDepth = 2;

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 64 };

    private readonly FileStream _file;
    private byte[] _buffer = new byte[2 * LongestUser];
    private int _start;
    private int _end;
    private bool _isLast;
    private JsonReaderState _state = new(new JsonReaderOptions { MaxDepth = 64 });
    private JsonTokenType _token;
    private int _depth;
    private string? _name;

    private JsonUsers(string path)
    {
        _file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 1);
        Refill();
        if (_buffer.AsSpan(0, _end).StartsWith((ReadOnlySpan<byte>)[0xEF, 0xBB, 0xBF]))
        {
            _start = 3;
        }
    }

    /// <summary>Walks the whole file once.</summary>
    /// <exception cref="InvalidDataException">It is not one whole object of JSON with an array of users.</exception>
    public static void Check(string path)
    {
        try
        {
            using var users = new JsonUsers(path);
            if (!users.TryFind())
            {
                throw new InvalidDataException($"{path} has no array \"users\".");
            }

            while (users.Next())
            {
            }
        }
        catch (JsonException fault)
        {
            throw new InvalidDataException($"{path} is not JSON, or only a part of it: {fault.Message}", fault);
        }
    }

    /// <summary>The first user; null when there is none or the file is something else.</summary>
    public static JsonUser? Peek(string path)
    {
        try
        {
            return Read(path).FirstOrDefault();
        }
        catch (Exception fault) when (fault is JsonException or InvalidDataException)
        {
            return null;
        }
    }

    public static IEnumerable<JsonUser> Read(string path)
    {
        using var users = new JsonUsers(path);
        if (!users.TryFind())
        {
            yield break;
        }

        for (var number = 1L; users.TryTake(number, out var user); number++)
        {
            yield return user;
        }
    }

    public void Dispose() => _file.Dispose();

    private bool TryFind()
    {
        if (!Next() || _token is not JsonTokenType.StartObject)
        {
            throw new JsonException("it does not begin with an object");
        }

        while (Next())
        {
            if (_token is JsonTokenType.PropertyName && _depth == 1 && _name == "users")
            {
                return Next() && _token is JsonTokenType.StartArray;
            }
        }

        return false;
    }

    /// <returns>False at the end of the array.</returns>
    private bool TryTake(long number, out JsonUser user)
    {
        user = null!;
        var read = TrySlice(out var slice);
        while (read is null && !_isLast && _end - _start < LongestUser)
        {
            Refill();
            read = TrySlice(out slice);
        }

        if (read is false)
        {
            return false;
        }

        if (read is null)
        {
            // Too long to hold, or the file ends in it: walked over token by token.
            do
            {
                if (!Next())
                {
                    throw new JsonException("the file ends among the users");
                }
            }
            while (_depth > ElementDepth || _token is JsonTokenType.StartObject or JsonTokenType.StartArray);
            user = new(number, null, Skipped.TooLong($"a user has at most {LongestUser} bytes"));
            return true;
        }

        try
        {
            var document = JsonDocument.Parse(slice, Strict);
            user = document.RootElement.ValueKind is JsonValueKind.Object ? new(number, document) : new(number, null, Skipped.Broken("the user is not an object of JSON"));
        }
        catch (JsonException)
        {
            user = new(number, null, Skipped.Broken("the user has a member twice"));
        }

        return true;
    }

    /// <returns>Whether there is another element; null when it is not in the buffer to its end.</returns>
    private bool? TrySlice(out ReadOnlyMemory<byte> slice)
    {
        slice = default;
        var reader = new Utf8JsonReader(_buffer.AsSpan(_start, _end - _start), _isLast, _state);
        if (!reader.Read())
        {
            return null;
        }

        var isEnd = reader.TokenType is JsonTokenType.EndArray;
        var from = (int)reader.TokenStartIndex;
        if (!isEnd && !reader.TrySkip())
        {
            return null;
        }

        slice = _buffer.AsMemory(_start + from, (int)reader.BytesConsumed - from);
        _start += (int)reader.BytesConsumed;
        _state = reader.CurrentState;
        return !isEnd;
    }

    private bool Next()
    {
        while (true)
        {
            var reader = new Utf8JsonReader(_buffer.AsSpan(_start, _end - _start), _isLast, _state);
            var has = reader.Read();
            if (has)
            {
                (_token, _depth) = (reader.TokenType, reader.CurrentDepth);
                _name = _token is JsonTokenType.PropertyName && _depth == 1 && reader.ValueTextEquals("users"u8) ? "users" : null;
            }

            _start += (int)reader.BytesConsumed;
            _state = reader.CurrentState;
            if (has || _isLast)
            {
                return has;
            }

            Refill();
        }
    }

    private void Refill()
    {
        Buffer.BlockCopy(_buffer, _start, _buffer, 0, _end - _start);
        (_start, _end) = (0, _end - _start);
        if (_end == _buffer.Length)
        {
            if (_buffer.Length >= LongestToken)
            {
                throw new JsonException($"a value is longer than {LongestToken} bytes");
            }

            Array.Resize(ref _buffer, _buffer.Length * 2);
        }

        var read = _file.Read(_buffer, _end, _buffer.Length - _end);
        _end += read;
        _isLast = read == 0;
    }
}
