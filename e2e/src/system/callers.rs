//! Who calls: customers, their programs, the backend, and whoever sits at the embedded dashboard.

use super::{MANAGE_KEY, ORGANISATION, SERVICE_KEY, System};
use crate::clerk::Claims;
use crate::client::Caller;

impl System {
    /// A customer: a user of the organisation that [`Self::account`] names.
    #[must_use]
    pub fn customer(&self) -> Caller {
        self.customer_of(ORGANISATION)
    }

    /// A customer of another organisation; its account is `org:<organisation>`.
    #[must_use]
    pub fn customer_of(&self, organisation: &str) -> Caller {
        self.caller(&Claims::v2("user_2test", Some(organisation)).sign(&self.key))
    }

    /// The account of [`Self::customer`].
    #[must_use]
    pub fn account(&self) -> &'static str {
        "org:org_2test"
    }

    /// The chatbot backend, with its service key.
    #[must_use]
    pub fn backend(&self) -> Caller {
        self.caller(SERVICE_KEY)
    }

    /// The chatbot backend, in the name of an account.
    #[must_use]
    pub fn manager_of(&self, account: &str) -> Caller {
        self.caller(MANAGE_KEY).for_account(account)
    }

    /// A program with a new key of [`Self::customer`]'s account.
    pub async fn automation(&self, scopes: &[&str]) -> Caller {
        self.caller(&self.customer().create_api_key(scopes).await)
    }

    /// The embedded dashboard of [`Self::customer`]'s account, with a new portal session.
    pub async fn portal(&self, access: &str) -> Caller {
        let session = self
            .caller(MANAGE_KEY)
            .create_portal_session(ORGANISATION, access)
            .await;
        self.caller(session["token"].as_str().expect("a session has a token"))
    }

    /// A caller with any token.
    #[must_use]
    pub fn caller(&self, token: &str) -> Caller {
        Caller::new(&self.api_url(), Some(token))
    }
}
