"""POST /files/generate (post-flowmusic-files-generate): a picture that follows a prompt."""

from __future__ import annotations

import uuid

from apps.sandbox import accounts, assets, charges, jobs, scenarios
from apps.sandbox.covers import FINAL
from apps.sandbox.operations import fields
from apps.sandbox.responses import Refusal, SandboxResponse, as_json, error
from apps.sandbox.scenarios import FAILING, SILENT, Scenario
from apps.sandbox.world import SandboxRequest, World

TEXTS = {"prompt": 2000, "email": fields.TEXTS["email"]}
STEP = "FlowMusic image generation"
MODEL = "google-generative-ai"


def make_image(world: World, request: SandboxRequest) -> SandboxResponse:
    """200 after 10 to 20 s, 500 for a prompt that Flow Music won't draw. It costs a credit here; the page is silent."""
    form = request.form
    fields.check_texts(form, TEXTS)
    account = accounts.usable(world.state, request.caller.tenant, form.get("email"))
    scenarios.check(request.called, email=account.email)
    seconds = jobs.seconds(request.called, form["prompt"], "image", world.speed)
    if request.called & FAILING:
        if Scenario.MODERATED in request.called:
            world.pause(seconds)
        raise Refusal(error(500, f'{STEP} failed (500): "Internal Server Error"'))
    name = str(uuid.uuid4())
    with world.state.transaction():
        left = accounts.of_tenant(world.state, account.tenant)[account.email].credits
        if left < charges.CREDITS_PER_IMAGE:
            raise Refusal(scenarios.out_of_credits(STEP))
        assets.insert(world.state, assets.Asset(name, account.tenant, account.email, "jpg", form["prompt"]))
        cost = charges.CREDITS_PER_IMAGE
        charges.pay(world.state, account.tenant, account.email, cost, charges.TOOLS, "image")
    if not request.called & SILENT:
        world.pause(seconds)
    return as_json(
        {
            "id": f"user:{request.caller.number}-{account.email}-image:{name}",
            "url": f"{request.base}/assets/{name}.jpg",
            "kind": "image",
            "assetType": "image",
            "email": account.email,
            "width": FINAL,
            "height": FINAL,
            "model": MODEL,
        }
    )
