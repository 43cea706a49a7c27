//! Who may do what in the identity service: every action, and the one rule that decides about it.

use super::account::Session;
use super::ids::UserId;

/// Who may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// Whoever has a token.
    Any,
    /// The user whom it is about.
    Owner,
    /// The user whom it is about, and every admin.
    OwnerOrAdmin,
    /// Every admin: who has the role `admin` in the scope of the token.
    Admin,
}

macro_rules! identity_actions {
    ($($(#[$doc:meta])* $action:ident: $bound:ident, $rule:literal;)+) => {
        /// Everything that can be asked of the identity service with a token.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum IdentityAction { $($(#[$doc])* $action,)+ }

        impl IdentityAction {
            /// Who may (Keystone's default policies).
            pub fn bound(self) -> Bound {
                match self { $(Self::$action => Bound::$bound,)+ }
            }

            /// Keystone's name for it, which stands in a refusal.
            pub fn rule(self) -> &'static str {
                match self { $(Self::$action => $rule,)+ }
            }
        }
    };
}

identity_actions! {
    /// Look at a token.
    ValidateToken: OwnerOrAdmin, "identity:validate_token";
    /// Make a token worthless.
    RevokeToken: OwnerOrAdmin, "identity:revoke_token";
    /// See the catalogue.
    GetCatalog: Any, "identity:get_auth_catalog";
    /// List the projects, domains and systems that one can get a token for.
    ListOwnScopes: Any, "identity:get_auth_projects";
    /// List projects; who is no admin sees those with a role of theirs.
    ListProjects: Any, "identity:list_projects";
    /// Show a project; its owner is who has a role there.
    GetProject: OwnerOrAdmin, "identity:get_project";
    /// Make a project.
    CreateProject: Admin, "identity:create_project";
    /// Change a project.
    UpdateProject: Admin, "identity:update_project";
    /// Remove a project.
    DeleteProject: Admin, "identity:delete_project";
    /// List users.
    ListUsers: Admin, "identity:list_users";
    /// Show a user.
    GetUser: OwnerOrAdmin, "identity:get_user";
    /// Make a user.
    CreateUser: Admin, "identity:create_user";
    /// Change a user.
    UpdateUser: Admin, "identity:update_user";
    /// Remove a user.
    DeleteUser: Admin, "identity:delete_user";
    /// List the projects of a user.
    ListUserProjects: OwnerOrAdmin, "identity:list_user_projects";
    /// List domains.
    ListDomains: Admin, "identity:list_domains";
    /// Show a domain; its owners are its users.
    GetDomain: OwnerOrAdmin, "identity:get_domain";
    /// List roles.
    ListRoles: Admin, "identity:list_roles";
    /// Show a role.
    GetRole: Admin, "identity:get_role";
    /// List regions.
    ListRegions: Any, "identity:list_regions";
    /// Show a region.
    GetRegion: Any, "identity:get_region";
    /// List services.
    ListServices: Admin, "identity:list_services";
    /// Show a service.
    GetService: Admin, "identity:get_service";
    /// List endpoints.
    ListEndpoints: Admin, "identity:list_endpoints";
    /// Show an endpoint.
    GetEndpoint: Admin, "identity:get_endpoint";
    /// List groups.
    ListGroups: Admin, "identity:list_groups";
    /// List role assignments.
    ListRoleAssignments: Admin, "identity:list_role_assignments";
    /// See whether a user has a role somewhere.
    CheckGrant: Admin, "identity:check_grant";
    /// Give a user a role somewhere.
    CreateGrant: Admin, "identity:create_grant";
    /// Take a role from a user.
    RevokeGrant: Admin, "identity:revoke_grant";
    /// List a user's roles somewhere.
    ListGrants: Admin, "identity:list_grants";
    /// List a user's application credentials.
    ListApplicationCredentials: OwnerOrAdmin, "identity:list_application_credentials";
    /// Show an application credential.
    GetApplicationCredential: OwnerOrAdmin, "identity:get_application_credential";
    /// Make an application credential.
    CreateApplicationCredential: Owner, "identity:create_application_credential";
    /// Remove an application credential.
    DeleteApplicationCredential: OwnerOrAdmin, "identity:delete_application_credential";
}

impl IdentityAction {
    /// Whether the bearer of a token may do it; `owner` is the user whom it is about, if there is
    /// one.
    pub fn is_open_to(self, session: &Session, owner: Option<&UserId>) -> bool {
        let owns = owner == Some(&session.user.id);
        match self.bound() {
            Bound::Any => true,
            Bound::Owner => owns,
            Bound::OwnerOrAdmin => owns || session.is_admin(),
            Bound::Admin => session.is_admin(),
        }
    }
}
