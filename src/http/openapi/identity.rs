//! The identity service: Keystone's v3 API below two roots, and access keys.

use super::table::Kind::{self, Each, Flag, Inside, Like, Null, Or, Secret, Text, Time, Word};
use super::table::Member::{May, Must, Only};
use super::table::{Group, Member, Operation, Schema, operations};
use crate::domain::identity::IdentityAction as I;

/// Huawei's clients keep only scheme and host of the identity URL.
const ROOTS: &[&str] = &["/identity/v3", "/v3"];

pub(super) const GROUPS: &[Group] = &[
    Group {
        tag: "identity-versions",
        says: "What versions of the identity service there are.",
        roots: &["/identity"],
        operations: VERSIONS,
    },
    Group {
        tag: "tokens",
        says: "Log in, look at a token, make it worthless, see what it lets one into.",
        roots: ROOTS,
        operations: TOKENS,
    },
    Group {
        tag: "accounts",
        says: "Projects, users, application credentials, domains, roles.",
        roots: ROOTS,
        operations: ACCOUNTS,
    },
    Group {
        tag: "grants",
        says: "Roles of users in projects and domains.",
        roots: &[
            "/identity/v3/projects/{project}",
            "/identity/v3/domains/{domain}",
            "/v3/projects/{project}",
            "/v3/domains/{domain}",
        ],
        operations: GRANTS,
    },
    Group {
        tag: "access-keys",
        says: "Access keys (AK/SK), as Huawei's identity service manages them.",
        roots: &["/v3.0/OS-CREDENTIAL/credentials"],
        operations: KEYS,
    },
];

const VERSIONS: &[Operation] = operations! {
    get "" 300 One("versions"), "List the versions of the identity service", open();
    get "/" 300 One("versions"), "List the versions of the identity service", open();
    get "/v3" 200 One("version"), "Show version 3 of the identity service", open();
    get "/v3/" 200 One("version"), "Show version 3 of the identity service", open();
};

const SCOPE: Kind = Or(&[
    Inside(&[Must("project", Inside(&[Must("id", Text)])), Only]),
    Inside(&[Must("project", Inside(&[Must("name", Text), Must("domain", IN)])), Only]),
    Inside(&[Must("domain", IN), Only]),
    Inside(&[Must("system", Inside(&[Must("all", Kind::Yes)])), Only]),
    Word(&["unscoped"]),
    Null,
]);
/// A domain by its id or its name.
const IN: Kind =
    Or(&[Inside(&[Must("id", Text)]), Inside(&[Must("name", Text), May("id", Kind::Never)])]);
/// A thing by its id, or by its name and its domain.
const USER: &[Member] = &[May("id", Text), Must("name", Text), Must("domain", IN)];
const BY_PASSWORD: Kind = Inside(&[
    Must("methods", Kind::Some(1, 1, &Word(&["password"]))),
    Must(
        "password",
        Inside(&[Must(
            "user",
            Or(&[
                Inside(&[Must("id", Text), Must("password", Secret)]),
                Inside(&[
                    May("id", Text),
                    Must("name", Text),
                    Must("domain", IN),
                    Must("password", Secret),
                ]),
            ]),
        )]),
    ),
]);
const BY_TOKEN: Kind = Inside(&[
    Must("methods", Kind::Some(1, 1, &Word(&["token"]))),
    Must("token", Inside(&[Must("id", Secret)])),
]);
const BY_CREDENTIAL: Kind = Inside(&[
    Must("methods", Kind::Some(1, 1, &Word(&["application_credential"]))),
    Must(
        "application_credential",
        Or(&[
            Inside(&[Must("id", Text), Must("secret", Secret)]),
            Inside(&[
                May("id", Text),
                Must("name", Text),
                Must("user", Or(&[Inside(&[Must("id", Text)]), Inside(USER)])),
                Must("secret", Secret),
            ]),
        ]),
    ),
]);

const LOGIN: Schema = Schema::of(
    "Login",
    "auth",
    &[Must("identity", Or(&[BY_PASSWORD, BY_TOKEN, BY_CREDENTIAL])), May("scope", SCOPE)],
);

const SUBJECT: &[&str] = &["X-Subject-Token"];

const TOKENS: &[Operation] = operations! {
    post "/auth/tokens" 201 One("token"), "Log in; the token is in the header X-Subject-Token",
        open(), takes(&LOGIN), query(&[&["nocatalog"]]),
        fails(&[400, 401, 413, 429, 500, 503, 507]);
    get "/auth/tokens" 200 One("token"), "Look at a token", must(I::ValidateToken),
        headers(SUBJECT), query(&[&["nocatalog"]]), fails(&[404]);
    head "/auth/tokens" 200 Nothing, "See whether a token is good", must(I::ValidateToken),
        headers(SUBJECT), fails(&[404]);
    delete "/auth/tokens" 204 Nothing, "Make a token worthless", must(I::RevokeToken),
        headers(SUBJECT), fails(&[404]);
    get "/auth/catalog" 200 Many("catalog"), "See the catalogue", must(I::GetCatalog);
    get "/auth/projects" 200 Many("projects"), "List the projects that one can get a token for",
        must(I::ListOwnScopes);
    get "/auth/domains" 200 Many("domains"), "List the domains that one can get a token for",
        must(I::ListOwnScopes);
    get "/auth/system" 200 Many("system"), "List the systems that one can get a token for",
        must(I::ListOwnScopes);
    get "/regions" 200 Many("regions"), "List regions", must(I::ListRegions),
        query(&[&["parent_region_id"]]);
    get "/regions/{id}" 200 One("region"), "Show a region", must(I::GetRegion);
    get "/services" 200 Many("services"), "List the services of the catalogue",
        must(I::ListServices), query(&[&["type", "name"]]);
    get "/services/{id}" 200 One("service"), "Show a service of the catalogue", must(I::GetService);
    get "/endpoints" 200 Many("endpoints"), "List the endpoints of the catalogue",
        must(I::ListEndpoints), query(&[&["region_id", "region", "service_id", "interface"]]);
    get "/endpoints/{id}" 200 One("endpoint"), "Show an endpoint of the catalogue",
        must(I::GetEndpoint);
};

/// Of so many characters that are not all white space.
const NAME_64: Kind = Like("^ ?[!-~][ -~]{0,62}$");
const NAME_255: Kind = Like("^ ?[!-~][ -~]{0,253}$");
const SECRET: Kind = Or(&[Secret, Null]);
const NEW_PROJECT: Schema = Schema::of(
    "NewProject",
    "project",
    &[
        Must("name", NAME_64),
        May("domain_id", Kind::TEXT),
        May("parent_id", Kind::TEXT),
        May("description", Kind::TEXT),
        May("enabled", Flag),
    ],
);
const PROJECT_CHANGE: Schema = Schema::of(
    "ProjectChange",
    "project",
    &[
        May("name", NAME_64),
        May("domain_id", Text),
        May("description", Kind::TEXT),
        May("enabled", Flag),
    ],
);
const NEW_USER: Schema = Schema::of(
    "NewUser",
    "user",
    &[
        Must("name", NAME_255),
        May("domain_id", Kind::TEXT),
        May("password", SECRET),
        May("description", Kind::TEXT),
        May("email", Kind::TEXT),
        May("enabled", Flag),
        May("default_project_id", Kind::TEXT),
    ],
);
const USER_CHANGE: Schema = Schema::of(
    "UserChange",
    "user",
    &[
        May("name", NAME_255),
        May("domain_id", Text),
        May("password", Secret),
        May("description", Kind::TEXT),
        May("email", Kind::TEXT),
        May("enabled", Flag),
        May("default_project_id", Kind::TEXT),
    ],
);
const PASSWORD: Schema = Schema::of(
    "PasswordChange",
    "user",
    &[Must("original_password", Secret), Must("password", Secret)],
);
const NEW_CREDENTIAL: Schema = Schema::of(
    "NewApplicationCredential",
    "application_credential",
    &[
        Must("name", NAME_255),
        May("description", Kind::TEXT),
        May("secret", SECRET),
        May("roles", Or(&[Each(&[Must("name", Text), May("id", Text)]), Null])),
        May("unrestricted", Flag),
        May("expires_at", Or(&[Time, Null])),
    ],
);

const PROJECT_FILTERS: &[&str] =
    &["limit@least", "marker", "name", "domain_id", "parent_id", "enabled", "user_id", "is_domain"];
const ASSIGNMENT_FILTERS: &[&str] = &[
    "scope.project.id",
    "scope.domain.id",
    "scope.system",
    "role.id",
    "user.id",
    "group.id",
    "include_names",
];

const ACCOUNTS: &[Operation] = operations! {
    get "/projects" 200 Many("projects"), "List projects; who is no administrator sees their own",
        must(I::ListProjects), query(&[PROJECT_FILTERS]);
    post "/projects" 201 One("project"), "Make a project", must(I::CreateProject),
        takes(&NEW_PROJECT), fails(&[409]);
    get "/projects/{project}" 200 One("project"), "Show a project", must(I::GetProject);
    patch "/projects/{project}" 200 One("project"), "Change a project", must(I::UpdateProject),
        takes(&PROJECT_CHANGE), fails(&[409]);
    delete "/projects/{project}" 204 Nothing, "Remove a project", must(I::DeleteProject);
    get "/users" 200 Many("users"), "List users", must(I::ListUsers),
        query(&[&["limit@least", "marker", "name", "domain_id", "enabled"]]);
    post "/users" 201 One("user"), "Make a user", must(I::CreateUser), takes(&NEW_USER),
        fails(&[409]);
    get "/users/{user}" 200 One("user"), "Show a user", must(I::GetUser);
    patch "/users/{user}" 200 One("user"), "Change a user", must(I::UpdateUser),
        takes(&USER_CHANGE), fails(&[409]);
    delete "/users/{user}" 204 Nothing, "Remove a user", must(I::DeleteUser);
    post "/users/{user}/password" 204 Nothing, "Give oneself another password", takes(&PASSWORD),
        fails(&[429]);
    get "/users/{user}/projects" 200 Many("projects"), "List the projects of a user",
        must(I::ListUserProjects);
    get "/users/{user}/application_credentials" 200 Many("application_credentials"),
        "List a user's application credentials", must(I::ListApplicationCredentials),
        query(&[&["name"]]);
    post "/users/{user}/application_credentials" 201 One("application_credential"),
        "Make an application credential; the answer alone has the secret",
        must(I::CreateApplicationCredential), takes(&NEW_CREDENTIAL), fails(&[409]);
    get "/users/{user}/application_credentials/{id}" 200 One("application_credential"),
        "Show an application credential", must(I::GetApplicationCredential);
    delete "/users/{user}/application_credentials/{id}" 204 Nothing,
        "Remove an application credential", must(I::DeleteApplicationCredential);
    get "/groups" 200 Many("groups"), "List groups, of which there are none", must(I::ListGroups);
    get "/domains" 200 Many("domains"), "List domains", must(I::ListDomains),
        query(&[&["name", "enabled"]]);
    get "/domains/{domain}" 200 One("domain"), "Show a domain", must(I::GetDomain);
    get "/roles" 200 Many("roles"), "List roles", must(I::ListRoles),
        query(&[&["name", "domain_id"]]);
    get "/roles/{role}" 200 One("role"), "Show a role", must(I::GetRole);
    get "/role_assignments" 200 Many("role_assignments"), "List role assignments",
        must(I::ListRoleAssignments), query(&[ASSIGNMENT_FILTERS]);
};

const GRANTS: &[Operation] = operations! {
    get "/users/{user}/roles" 200 Many("roles"), "List the roles of a user here",
        must(I::ListGrants);
    get "/users/{user}/roles/{role}" 204 Nothing, "See whether a user has a role here",
        must(I::CheckGrant);
    head "/users/{user}/roles/{role}" 204 Nothing, "See whether a user has a role here",
        must(I::CheckGrant);
    put "/users/{user}/roles/{role}" 204 Nothing, "Give a user a role here", must(I::CreateGrant);
    delete "/users/{user}/roles/{role}" 204 Nothing, "Take a role from a user here",
        must(I::RevokeGrant);
};

const NEW_KEY: Schema = Schema::only(
    "NewAccessKey",
    "credential",
    &[Must("user_id", Text), May("description", Kind::LABEL), Only],
);
const KEY_CHANGE: Schema = Schema::only(
    "AccessKeyChange",
    "credential",
    &[
        May("status", Or(&[Word(&["active", "inactive"]), Null])),
        May("description", Kind::LABEL),
        Only,
    ],
);

const KEYS: &[Operation] = operations! {
    get "" 200 Many("credentials"), "List one's access keys, or for administrators somebody's",
        query(&[&["user_id"]]);
    post "" 201 One("credential"), "Make an access key; the answer alone has the secret",
        takes(&NEW_KEY);
    get "/{access}" 200 One("credential"), "Show an access key";
    put "/{access}" 200 One("credential"), "Change an access key", takes(&KEY_CHANGE);
    delete "/{access}" 204 Nothing, "Remove an access key";
};
