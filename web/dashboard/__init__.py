"""The dashboard: pages rendered on the server, on the same use cases as API and command line.

A file of pages has a `Pages`, named in `app._PAGES`, and a function for each page:

    pages = Pages()

    @pages.get("/routes")                       # needs Scope.READ; answers at /p/{project}/routes
    def routes(visit: Visit) -> Response:
        return visit.page("routes.html", routes=visit.use.routes(visit.project.name).all())

    @pages.post("/routes", again=routes)        # needs Scope.WRITE; CSRF and scope are seen to before
    def add(visit: Visit) -> Response:
        added = visit.use.routes(visit.project.name).add(visit.form["name"])
        return visit.go("routes", added.name, said=f"The route {added.name} is there.")

- `@pages.get(path, scope, installation=True)`: a page of the whole installation, at `path` itself, for actors
  of all projects. A path may hold `{name}` parts: `visit.path["name"]`. The first path that fits is taken, so
  `/routes/new` stands before `/routes/{name}`.
- Functions run in a thread, once for each request; session and project are looked up in the same hop. They
  may return any Starlette response (a `StreamingResponse` for rows that come as they are seen).
- `@pages.post(…, slow=True)`: it takes seconds, and so only few of the threads that answer requests.
- A refusal of a use case (404, 409, 422, 503 by `web.refusals`) becomes an error page. Where a POST has
  `again`, refusals of 409 and 422 show that page again, with `visit.refusal` on top and `visit.form` as it
  was sent. `raise Refusal(HTTPStatus.…, "…")` for one's own.
- `visit.query`, `visit.form`: `[name]` (422 where it is missing), `.get(name, default)`, `.flag(name)` of a
  checkbox, `.all(name)`; `visit.form.file(name)` is the octets of an upload (`most=` octets of the body).
- `visit.go(*parts, said=…)`: see other, with a sentence shown once. Destructive acts: a GET page that asks,
  whose form posts. Secrets shown once: answer the POST with `visit.page`.
- Templates extend `base.html` (blocks `title`, `main`), and have `visit`, `at("sending-domains", name)` for
  every address in the project, `url("people")` for those of the installation, filters `badge` (a state in
  words and colour), `when` (a moment, UTC) and `in_words` (a reason), and macros of `parts.html` (import
  them `with context`): `form` (brings the token along), `field`, `select`, `tick`, `pager`, `copied`.
  `visit.may("write")` tells whether to show a form.
- The words of the navigation are in `pages.NAVIGATION`; those that have a page are shown.
- No inline script or style: the policy of `web/headers.py` forbids them. All CSS is `static/style.css`.
"""
