"""Pages about a person and an account: home, profile, settings, and the first administrator's link."""

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import record_authentication
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from crossdock.accounts import first_admin as first_admins
from crossdock.accounts import services
from crossdock.accounts.forms import FirstAdministratorForm, NewAccountForm, ProfileForm, SettingsForm
from crossdock.accounts.models import Person, Role
from crossdock.accounts.rights import Right, system
from crossdock.accounts.web import AccountRequest, belongings, belongings_of, for_account, home_of, requires
from crossdock.domain.errors import RuleBroken


def _person(request: HttpRequest) -> Person:
    """The signed-in person; only behind `login_required`."""
    if not isinstance(request.user, Person):
        raise Http404
    return request.user


@require_safe
@login_required
def home(request: HttpRequest) -> HttpResponse:
    """Lead to the person's account; with several, or none, to the page that shows which."""
    mine = belongings_of(request)
    return redirect(mine[0].url if len(mine) == 1 else "accounts:choose")


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def choose(request: HttpRequest) -> HttpResponse:
    """The person's accounts. Where sign-up is open, one of one's own can be made."""
    person = _person(request)
    may_create = bool(settings.ACCOUNT_OPEN_SIGN_UP)
    form = NewAccountForm(request.POST or None) if may_create else None
    if form and request.method == "POST" and form.is_valid():
        try:
            account = services.create_account(name=form.cleaned_data["name"])
            services.add_member(actor=system(account.pk), person=person, role=Role.ADMINISTRATOR)
        except RuleBroken as error:
            form.refuse(error, "name")
        else:
            return redirect(home_of(account))
    return render(request, "accounts/choose.html", {"belongings": belongings(person), "form": form})


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def profile(request: HttpRequest) -> HttpResponse:
    """Who one is here, and the ways to password, second factor and sessions."""
    person = _person(request)
    form = ProfileForm(request.POST or None, initial={"name": person.name})
    if request.method == "POST" and form.is_valid():
        services.rename_person(person=person, name=form.cleaned_data["name"])
        messages.success(request, _("Saved."))
        return redirect("accounts:profile")
    return render(request, "accounts/profile.html", {"form": form, "belongings": belongings_of(request)})


@require_POST
@login_required
def end_session(request: HttpRequest, pk: int) -> HttpResponse:
    """Sign out one other browser of this person. Somebody else's session is a 404."""
    session = UserSession.objects.filter(pk=pk, user=_person(request)).first()
    if session is None:
        raise Http404
    session.end()
    messages.success(request, _("That browser is signed out."))
    return redirect("usersessions_list")


@require_http_methods(["GET", "HEAD", "POST"])
@for_account
@requires(Right.MANAGE_ACCOUNT)
def account_settings(request: AccountRequest) -> HttpResponse:
    """Name, time zone and patience of the account."""
    account = request.account
    initial = {"name": account.name, "time_zone": account.time_zone, "abandon_after_days": account.abandon_after_days}
    form = SettingsForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            services.change_settings(actor=request.actor, **form.cleaned_data)
        except RuleBroken as error:
            form.refuse(error)
        else:
            messages.success(request, _("Saved."))
            return redirect("accounts:settings", account=account.public_id)
    return render(request, "accounts/settings.html", {"form": form})


@require_http_methods(["GET", "HEAD", "POST"])
def first_admin(request: HttpRequest, token: str) -> HttpResponse:
    """Make the first account and its administrator, and sign that person in. Looking at the page uses nothing up."""
    form = FirstAdministratorForm(request.POST or None)
    if not first_admins.is_alive(token):
        response = render(request, "accounts/first_admin_dead.html", status=410)
    elif request.method == "POST" and form.is_valid() and (signed_in := _claim(request, form, token)):
        response = signed_in
    else:
        response = render(request, "accounts/first_admin.html", {"form": form})
    # The address is a secret while the link lives. Not "no-referrer": a browser then posts the form with `Origin: null`, which the
    # protection against forged requests refuses.
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["Cache-Control"] = "no-store"
    return response


def _claim(request: HttpRequest, form: FirstAdministratorForm, token: str) -> HttpResponse | None:
    try:
        account, person = first_admins.claim(token=token, **form.cleaned_data)
    except ValidationError as error:
        form.refuse(error, "password")
    except RuleBroken as error:
        form.refuse(error)
    else:
        person.backend = settings.AUTHENTICATION_BACKENDS[0]
        get_adapter().login(request, person)
        # Who just chose a password need not type it again for the first connection.
        record_authentication(request, person, method="password")
        return redirect(home_of(account))
    return None
