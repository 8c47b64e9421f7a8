using System.Text;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Features.Transfers;

/// <summary>Rows that are bad, one way or another: each is left out with its reason, and the others come in.</summary>
public sealed class ImportedRowsTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory, OnSqlite, OnPostgres]
    public async Task A_bad_row_of_CSV_stops_no_other(Engine engine)
    {
        await using var database = await TestDatabase.CreateAsync(engine);
        var file = _folder.File("people.csv");
        var text = string.Join("\r\n",
            "email,given_name,username,password_hash,created_at,email_verified,totp_secret",
            "good1@example.org,Ann,,,,,", // 2
            "no,comma", // 3
            "a b@example.org,,,,,,", // 4
            $"{new string('a', 300)}@example.org,,,,,,", // 5
            "good1@EXAMPLE.org,Twin,,,,,", // 6
            "x1@example.org,A\u202eB,,,,,", // 7: turns the text around
            $"x2@example.org,{new string('n', 101)},,,,,", // 8
            "x3@example.org,,a b,,,,", // 9
            "x4@example.org,,,md5$abc,,,", // 10
            "x5@example.org,,,\"$argon2id$v=19$m=4194304,t=3,p=1$c2FsdHNhbHRzYWx0c2FsdA$C0UZrCYdx/GDT16KuAv8FettCjh40Q6zJVQa+SAkuRs\",,,", // 11: four gigabytes
            "x6@example.org,,,$2b$31$abcdefghijklmnopqrstuuyBY7gIt9FRH75ei4wJhv64yl1QxyWzu,,,", // 12
            "x7@example.org,,,,yesterday,,", // 13
            "x8@example.org,,,,2999-01-01T00:00:00Z,,", // 14
            "x9@example.org,,,,,perhaps,", // 15
            "x10@example.org,\"never closed,,,,,", // 16
            "good2@example.org,\"O\"\"Neil, Jr.\",Good.Two,,2020-01-01T00:00:00+02:00,TRUE,", // 17
            $"x11@example.org,{new string('n', 70_000)},,,,,", // 18
            "x12@example.org,?,good.TWO,,,,", // 19
            ",,,,,,", // 20
            "x13@example.org,two\u0000words,,,,,", // 21
            "x14@example.org,=HYPERLINK(\"\"x\"\"),,,,,", // 22: quotes where none may stand
            "x15@example.org,,,,,,01", // 23
            "good3@example.org,\"two", // 24: a line's end in a name
            "lines\",,,,,", // 25
            "good3@example.org,=1+1,,,,,", // 26
            "");
        await File.WriteAllBytesAsync(file, Replace(Encoding.UTF8.GetBytes(text), (byte)'?', 0xFF)); // line 19 is no UTF-8

        var moved = await database.ImportAsync(_folder, file);

        Assert.Equal(3, moved.Ended.ExitCode);
        Assert.StartsWith("24 rows: 3 imported, 0 already there, 21 skipped.\n", moved.Ended.Out, StringComparison.Ordinal);
        Assert.Equal("21 of 24 rows were skipped.\n", moved.Ended.Error);
        Assert.Equal(
            [
                "2 imported", "3 skipped broken the row has 2 cells, the first line 7", "4 skipped invalid_value email", "5 skipped invalid_value email", "6 skipped doubled_in_file",
                "7 skipped invalid_value given_name", "8 skipped invalid_value given_name", "9 skipped invalid_value username", "10 skipped unknown_hash", "11 skipped unusable_hash", "12 skipped unusable_hash",
                "13 skipped invalid_value created_at", "14 skipped invalid_value created_at", "15 skipped invalid_value email_verified", "16 skipped broken a quotation mark stands where none may", "17 imported",
                "18 skipped too_long a line has at most 65536 bytes", "19 skipped broken the line is not UTF-8 text", "20 skipped no_email", "21 skipped broken the line is not UTF-8 text",
                "22 skipped broken a quotation mark stands where none may", "23 skipped invalid_value totp_secret", "24 skipped invalid_value given_name", "26 imported",
            ],
            moved.Outcomes);
        Assert.Equal(
            [("good1@example.org", "Ann"), ("good2@example.org", "O\"Neil, Jr."), ("good3@example.org", "=1+1")],
            await database.QueryAsync<(string, string)>("SELECT email, given_name FROM accounts ORDER BY email"));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task A_bad_line_of_JSON_stops_no_other(Engine engine)
    {
        await using var database = await TestDatabase.CreateAsync(engine);
        var file = _folder.File("people.jsonl", string.Join('\n',
            """{"email":"good1@example.org"}""",
            """{"email":"x@example.org","given_name":"\ud800"}""",
            """{"email":"x@example.org","given_name":"a\u0000b"}""",
            """{"email":"x@example.org","pasword_hash":"x"}""",
            """{"email":"x@example.org","email":"y@example.org"}""",
            """{"email":["x@example.org"]}""",
            """{"email":"x@example.org","roles":[[[["a"]]]]}""",
            """{"email":"x@example.org","email_verified":"yes"}""",
            "[]",
            "null",
            "{",
            $$"""{"email":"x@example.org","id":"{{new string('7', 300)}}"}""",
            $$"""{"email":"x@example.org","roles":[{{string.Join(',', Enumerable.Range(0, 60).Select(number => $"\"r{number}\""))}}]}""",
            """{"email":"x@example.org","created_at":"1969-12-31T23:59:59Z"}""",
            "",
            $"{{\"email\":\"x@example.org\",\"given_name\":\"{new string('x', 70_000)}\"}}",
            """{"email":"good2@example.org","id":"17"}""",
            """{"email":"good2@example.org","id":"18"}""",
            """{"email":"good3@example.org","id":"17"}"""));

        var moved = await database.ImportAsync(_folder, file);

        Assert.Equal(3, moved.Ended.ExitCode);
        Assert.Equal(
            [
                "1 imported", "2 skipped invalid_value given_name", "3 skipped invalid_value given_name", "4 skipped unknown_field pasword_hash", "5 skipped invalid_value email",
                "6 skipped invalid_value email", "7 skipped invalid_value roles", "8 skipped invalid_value email_verified", "9 skipped broken", "10 skipped broken", "11 skipped broken", "12 skipped invalid_value id",
                "13 skipped invalid_value roles", "14 skipped invalid_value created_at", "16 skipped too_long a line has at most 65536 bytes", "17 imported", "18 skipped doubled_in_file", "19 imported",
            ],
            moved.Outcomes.Select(outcome => outcome.StartsWith('9') || outcome.StartsWith("10", StringComparison.Ordinal) || outcome.StartsWith("11", StringComparison.Ordinal) ? string.Join(' ', outcome.Split(' ')[..3]) : outcome));
        Assert.Equal(["4 imported"], (await database.ImportAsync(_folder, file, "--ignore-unknown")).Outcomes.Where(outcome => outcome.EndsWith(" imported", StringComparison.Ordinal)));
    }

    /// <summary>The machine's own time zone decides nothing: what has no offset is refused, in a table as in lines of JSON.</summary>
    [Theory, OnSqlite, OnPostgres]
    public async Task An_instant_has_an_offset_in_either_form_or_its_row_is_skipped(Engine engine)
    {
        (string Text, string? Utc)[] given =
        [
            ("2020-02-29T12:00:00Z", "2020-02-29T12:00:00.000"), ("2020-02-29T12:00:00+02:00", "2020-02-29T10:00:00.000"), ("2020-02-29 12:00:00.123456-0530", "2020-02-29T17:30:00.123"),
            ("2020-02-29 12:00:00+00", "2020-02-29T12:00:00.000"), ("2020-02-29t12:00z", "2020-02-29T12:00:00.000"), ("2020-02-29T12:00:00.123456789Z", "2020-02-29T12:00:00.123"),
            ("2020-02-29T12:00:00", null), ("2020-02-29 12:00:00.5", null), ("2020-02-29", null), ("2020-02-29Z", null), ("2020-02-30T12:00:00Z", null), ("29.02.2020 12:00:00 +00:00", null), ("1582977600", null),
        ];
        await using TestDatabase tables = await TestDatabase.CreateAsync(engine), lines = await TestDatabase.CreateAsync(engine);
        var csv = _folder.File("people.csv", "email,created_at\n" + string.Concat(given.Select((row, number) => $"p{number:d2}@example.org,{row.Text}\n")));
        var json = _folder.File("people.jsonl", string.Concat(given.Select((row, number) => $"{{\"email\":\"p{number:d2}@example.org\",\"created_at\":\"{row.Text}\"}}\n")));

        foreach (var (database, file, first) in new[] { (tables, csv, 2), (lines, json, 1) })
        {
            var moved = await database.ImportAsync(_folder, file);

            Assert.Equal(given.Select((row, number) => $"{number + first} {(row.Utc is null ? "skipped invalid_value created_at" : "imported")}"), moved.Outcomes);
            Assert.Equal(
                given.Where(row => row.Utc is not null).Select(row => row.Utc),
                (await database.QueryAsync<long>("SELECT created_at FROM accounts ORDER BY email")).Select(at => DateTimeOffset.FromUnixTimeMilliseconds(at).ToString("yyyy-MM-dd'T'HH:mm:ss.fff", System.Globalization.CultureInfo.InvariantCulture)));
        }
    }

    [Theory]
    [InlineData("people.csv", "name,password\nAnn,x\n", "has no column \"email\"")]
    [InlineData("people.csv", "email,e-mail\n", "has a column \"e-mail\" that is not known. There are: id, email,")]
    [InlineData("people.csv", "email,Email\n", "has two columns \"email\"")]
    [InlineData("people.csv", "", "it is empty")]
    [InlineData("people.csv", "\"email\n", "a quotation mark is not closed in line 1")]
    [InlineData("people.jsonl", "\n\n", "--format says which it is")]
    [InlineData("people.jsonl", "{\"email\":", "line 1 is not an object of JSON")]
    [InlineData("people.json", "[{\"email\":\"a@example.org\"}]", "--format says which it is")]
    [InlineData("people.bin", "\u0001\u0002\u0003", "--format says which it is")]
    public async Task What_is_not_the_format_at_all_says_so_and_imports_nothing(string name, string text, string told)
    {
        await using var database = await TestDatabase.CreateAsync(Engine.Sqlite);

        var ended = await database.CommandAsync("", "import", _folder.File(name, text));

        Assert.Equal((1, ""), (ended.ExitCode, ended.Out));
        Assert.Contains(told, ended.Error);
        Assert.Empty(Directory.GetFileSystemEntries(database.Directory, "*.db"));
    }

    [Fact]
    public async Task A_slip_on_the_command_line_is_told()
    {
        await using var database = await TestDatabase.CreateAsync(Engine.Sqlite);
        var file = _folder.File("people.csv", "email\na@example.org\n");
        foreach (var (code, told, args) in new (int, string, string[])[]
        {
            (1, "There is no file ", [_folder.File("other.csv")]),
            (2, "--format is one of csv, jsonl, keycloak, firebase, aspnet-identity; \"xml\" was given", [file, "--format", "xml"]),
            (2, "--map-role is OLD=NEW; \"editor\" was given", [file, "--map-role", "editor"]),
            (1, "The report would take the place of what is imported.", [file, "--report", file]),
            (1, "There is no database at ", [file, "--dry-run"]),
        })
        {
            var ended = await database.CommandAsync("", ["import", .. args]);
            Assert.Equal((code, ""), (ended.ExitCode, ended.Out));
            Assert.Contains(told, ended.Error);
        }

        Assert.Equal("email\na@example.org\n", await File.ReadAllTextAsync(file));
    }

    private static byte[] Replace(byte[] bytes, byte from, byte to) => [.. bytes.Select(one => one == from ? to : one)];
}
