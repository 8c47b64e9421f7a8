namespace Cardea.Features.OneTimeSecrets;

/// <summary>
/// What a one-time secret is for, declared by the room that gives it out. A secret of one purpose is nothing to another: the purpose is part
/// of every look-up, and of a code's key.
/// </summary>
/// <param name="Name">Stored with the secret; never changes.</param>
/// <param name="TokenLifetime">How long the long form lives, from which links are made; zero when there is none.</param>
/// <param name="CodeLifetime">How long the six digits live; zero when there are none.</param>
/// <param name="RemembersGuesses">
/// Wrong codes are remembered when a new one is mailed: where ten were wrong in a row, each code from then on has one try. Each costs the guesser a mail that its
/// recipient sees, and who reads the mail always gets in.
/// </param>
public sealed record SecretPurpose(string Name, TimeSpan TokenLifetime, TimeSpan CodeLifetime, bool RemembersGuesses = false);
