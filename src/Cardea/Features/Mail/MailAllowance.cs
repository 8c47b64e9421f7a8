using Cardea.Features.RateLimits;
using Cardea.Foundation.Data;

namespace Cardea.Features.Mail;

/// <summary>
/// How many mails may go to an address (HM-04). Counted by the address and not by the account: accounts are made, deleted and made again. And each kind apart: whoever
/// lets one kind run out must not have silenced another, such as the news of a changed password by a flood of sign-ins.
/// </summary>
public sealed class MailAllowance(Allowances allowances)
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    /// <summary>
    /// For what anybody may ask for: three times an hour and ten times a day. Beyond that the asker hears the same and nothing is mailed.
    /// </summary>
    public Task<bool> TryTakeAsync(Transaction transaction, string kind, string address) => TryTakeAsync(transaction, kind, address, new("mail-hour:", 3, Hour), new("mail-day:", 10, Day));

    /// <summary>For what tells of an act. An address that was proved can bear, and wants, more than one that somebody only typed.</summary>
    public Task<bool> TryTakeNewsAsync(Transaction transaction, string kind, string address, bool isProved) => isProved
        ? TryTakeAsync(transaction, kind, address, new Allowance("mail-news:", 20, Hour))
        : TryTakeAsync(transaction, kind, address, new("mail-unproved-hour:", 5, Hour), new("mail-unproved-day:", 20, Day));

    internal Task<bool> TryTakeAsync(Transaction transaction, Mail mail) => mail.Cause switch
    {
        MailCause.Asked => Task.FromResult(true),
        MailCause.Administrator => TryTakeAsync(transaction, mail.Kind, mail.Recipient, new Allowance("mail-administration:", 20, Hour)),
        _ => TryTakeNewsAsync(transaction, mail.Kind, mail.Recipient, mail.Cause is MailCause.Owner),
    };

    private async Task<bool> TryTakeAsync(Transaction transaction, string kind, string address, params Allowance[] allOf)
    {
        foreach (var allowance in allOf)
        {
            if (await allowances.TakeAsync(transaction, allowance with { Name = allowance.Name + kind }, address) is not null)
            {
                return false;
            }
        }

        return true;
    }
}
