using System.Net;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Security;

public sealed partial class AllIssuingPaths
{
    /// <summary>Somebody with everything that could be exchanged for a token.</summary>
    private sealed class Person
    {
        private readonly Actor _actor;

        private Person(TestApp app, Actor actor) => (_actor, Elsewhere) = (actor, app.NewActor("elsewhere"));

        public string Email => _actor.Email;

        public string? Username => _actor.Username;

        public string Password => _actor.Password;

        public string Temporary { get; private set; } = "";

        public string Predecessor { get; private set; } = "";

        public string Newest => _actor.RefreshToken!;

        public Authenticator? Phone { get; private set; }

        /// <summary>The browser of a sign-in that is half done.</summary>
        public PageActor? Browser { get; private set; }

        private Answer? First { get; set; }

        /// <summary>The code, or the link's token, that was mailed last.</summary>
        public string Proof { get; private set; } = "";

        /// <summary>A client that the account has never been signed in from.</summary>
        public Actor Elsewhere { get; }

        public static implicit operator Actor(Person person) => person._actor;

        public Task<Answer> PostAsync(string path) => _actor.PostAsync(path);

        public Task<Answer> DeleteAsync(string path, object body) => _actor.DeleteAsync(path, body);

        /// <summary>Sets up a factor where there is none.</summary>
        public async Task HaveFactorAsync(TestApp app)
        {
            if (!(await _actor.GetAsync("/users/me/factors")).Json.GetProperty("totp").GetBoolean())
            {
                Phone = await Authenticator.SetUpAsync(app, _actor);
            }
        }

        /// <summary>Does the first half of a sign-in, at both doors.</summary>
        public async Task BeginAsync(TestApp app, bool step, bool setUp)
        {
            if (step)
            {
                await HaveFactorAsync(app);
            }

            if (setUp)
            {
                await app.MakeAdminAsync(_actor);
            }

            if (step || setUp)
            {
                (First, Browser) = (await Elsewhere.TrySignInAsync(_actor.Password, login: _actor.Email), new PageActor(app));
                Assert.Equal(setUp ? "/login/set-up" : "/login/second-step", (await Browser.TrySignInAsync(_actor)).Location);
            }

            if (setUp)
            {
                (await Browser!.PostAsync("/account/security/authenticator")).Expect(HttpStatusCode.SeeOther);
                Phone = Authenticator.On(app, await Browser.GetAsync("/account/security/authenticator"));
            }
        }

        /// <summary>Asks for a code or a link, by the API or in a browser.</summary>
        public async Task AskAsync(TestApp app, string path)
        {
            Browser = new PageActor(app);
            var status = path.StartsWith("/auth/", StringComparison.Ordinal) ? (await Elsewhere.PostAsync(path, new { email = Email })).Status : (await Browser.PostAsync(path, ("email", Email))).Status;
            Assert.Contains(status, new[] { HttpStatusCode.Accepted, HttpStatusCode.SeeOther, HttpStatusCode.OK });
            var mail = await app.LastMailToAsync(Email);
            Proof = mail.Code ?? mail.Token;
        }

        public Task<Answer> FinishAsync(string method, string code) => Elsewhere.TrySecondStepAsync(First!, method, code);

        /// <summary>Sets up what the sign-in must, and tells what came of the sign-in in the words of the others.</summary>
        public async Task<Answer> SetUpAsync()
        {
            Elsewhere.AccessToken = First!.Member("enrollment_token");
            var begun = await Elsewhere.PostAsync("/users/me/totp");
            if (begun.Status is not HttpStatusCode.Created)
            {
                return begun;
            }

            var done = await Elsewhere.PostAsync("/users/me/totp/confirm", new { code = Phone!.With(begun.Member("secret")!).NextCode() });
            if (done.Status is not HttpStatusCode.OK || done.Json.TryGetProperty("access_token", out _))
            {
                return done;
            }

            var next = done.Json.GetProperty("next");
            Assert.Equal(10, done.Json.GetProperty("recovery_codes").GetArrayLength());
            return new(next.GetProperty("code").GetString() == "session_active" ? HttpStatusCode.Conflict : HttpStatusCode.Forbidden, next.ToString(), done.Headers);
        }

        public async Task ChangePasswordAsync() =>
            (await _actor.PostAsync("/password/change", new { current_password = _actor.Password, new_password = "brass otter window seven" })).Expect(HttpStatusCode.OK);

        public static async Task<Person> ReadyAsync(TestApp app)
        {
            var actor = app.NewActor("alice");
            actor.Username = "the-" + actor.Name;
            await (await actor.SignUpAsync()).VerifyAsync();
            await actor.SignInAsync();
            var person = new Person(app, actor);
            (await actor.PostAsync("/password/forgot", new { email = actor.Email })).Expect(HttpStatusCode.Accepted);
            var mail = await app.LastMailToAsync(actor.Email);
            person.Temporary = System.Text.RegularExpressions.Regex.Match(mail.Text, "[a-z1-9]{4}(-[a-z1-9]{4}){3}").Value;
            Assert.NotEmpty(person.Temporary);
            person.Predecessor = actor.RefreshToken!;
            (await actor.TryRefreshAsync()).Expect(HttpStatusCode.OK);
            return person;
        }
    }
}
