"""`/tracking-domains/{domain}/app-files`: by which phones learn which links of it an app opens."""

from typing import Annotated, Any

from fastapi import APIRouter, Body
from pydantic import BaseModel, Field

from domains.app_files import AppFile, AppFiles, as_octets
from web.api.callers import Caller, Reader, Writer
from web.api.resource import Resource
from web.api.tracking_domains import Address, name_of

router = APIRouter(
    prefix="/tracking-domains/{domain}/app-files", tags=["files for apps"], route_class=Resource
)

_EXAMPLES = [
    {
        "applinks": {
            "details": [{"appIDs": ["ABCDE12345.com.example.shop"], "components": [{"/": "/c/shop/*"}]}]
        }
    },
]


class AppFilesOut(BaseModel):
    """The files that a tracking domain has; one that it has not is null."""

    apple_app_site_association: Any = Field(description="for iOS: an object")
    assetlinks: Any = Field(description="for Android: a list of statements")


@router.get("")
def show(caller: Reader, domain: Address) -> AppFilesOut:
    """Show its files."""
    files, name = _files(caller, domain)
    return _out(files, name)


@router.put("/{file}")
def put(
    caller: Writer, domain: Address, file: AppFile, content: Annotated[Any, Body(examples=_EXAMPLES)]
) -> AppFilesOut:
    """Serve this JSON, at most 128 KiB, from within seconds on."""
    files, name = _files(caller, domain)
    files.put(name, {file: as_octets(content)})
    return _out(files, name)


@router.delete("/{file}", status_code=204)
def remove(caller: Writer, domain: Address, file: AppFile) -> None:
    """Serve it no more; repeating it changes nothing."""
    files, name = _files(caller, domain)
    files.put(name, {file: None})


def _files(caller: Caller, domain: str) -> tuple[AppFiles, str]:
    """Return the use cases and the name. Raises `UnknownDomain`."""
    name = name_of(caller.use.tracking_domains(caller.project.name), domain)
    return caller.use.app_files(caller.project.name), name


def _out(files: AppFiles, name: str) -> AppFilesOut:
    found = files.contents(name)
    return AppFilesOut(
        apple_app_site_association=found.get(AppFile.APPLE), assetlinks=found.get(AppFile.ANDROID)
    )
