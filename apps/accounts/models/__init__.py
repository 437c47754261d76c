from apps.accounts.models.handovers import Handover
from apps.accounts.models.invitations import Invitation
from apps.accounts.models.keys import KeyCanary
from apps.accounts.models.lending import Lending
from apps.accounts.models.mail import Mail
from apps.accounts.models.monthly_credits import MonthlyCredits
from apps.accounts.models.sight import Sight
from apps.accounts.models.subscriptions import ApiToken, FlowAccount, Subscription
from apps.accounts.models.teams import AuditEntry, Membership, Role, Team
from apps.accounts.models.usage import UsageRow
from apps.accounts.models.users import SignInLink, User

__all__ = [
    "ApiToken",
    "AuditEntry",
    "FlowAccount",
    "Handover",
    "Invitation",
    "KeyCanary",
    "Lending",
    "Mail",
    "Membership",
    "MonthlyCredits",
    "Role",
    "Sight",
    "SignInLink",
    "Subscription",
    "Team",
    "UsageRow",
    "User",
]
