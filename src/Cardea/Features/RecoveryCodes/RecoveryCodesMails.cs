using System.Globalization;
using Cardea.Features.Accounts;
using Cardea.Features.Mail;

namespace Cardea.Features.RecoveryCodes;

internal static class RecoveryCodesMails
{
    public static Mail.Mail Used(Account account, int left, bool areFew, DateTimeOffset at, string language) => new(
        areFew ? "recovery-codes-few" : "recovery-code-used", account.Email, account.Id, language, AccountMails.Greeting(account)
            .PlusTime(at, language)
            .Plus("left", left.ToString(CultureInfo.InvariantCulture)), AccountMails.ToOwner(account));
}
