//! NetrSessionEnum replies in NDR 2.0 (\[C706\] 14, [MS-SRVS] 2.2.4.11 to
//! 2.2.4.22, 3.1.4.5), written apart from the project's codec: a second
//! opinion, plain rather than fast.

/// Text that a server may send: UTF-16 units, valid or not; `None` is NULL.
pub type Text = Option<Vec<u16>>;

/// One session with everything any level tells of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LabSession {
    /// The client's computer.
    pub client: Text,
    /// Who.
    pub user: Text,
    /// Files and pipes open.
    pub opens: u32,
    /// Seconds since the session began.
    pub active_secs: u32,
    /// Seconds since it did something.
    pub idle_secs: u32,
    /// 1 guest, 2 no encrypted password.
    pub flags: u32,
    /// The client's operating system.
    pub client_type: Text,
    /// The transport's device.
    pub transport: Text,
}

impl LabSession {
    /// A session of this user from this client; the rest is zero and NULL.
    #[must_use]
    pub fn new(client: &str, user: &str) -> Self {
        Self {
            client: text(client),
            user: text(user),
            ..Self::default()
        }
    }

    /// A session unlike those of other numbers in every field that can be.
    #[must_use]
    pub fn numbered(number: u32) -> Self {
        Self {
            client: text(&format!("\\\\10.{}.{}", number / 256, number % 256)),
            user: text(&format!("user{number:06}")),
            opens: number % 7,
            active_secs: 100_000 + number,
            idle_secs: number,
            flags: number % 4,
            client_type: text("LabOS"),
            transport: text("\\Device\\LabTransport"),
        }
    }
}

pub(crate) fn text(text: &str) -> Text {
    Some(text.encode_utf16().collect())
}

/// A NetrSessionEnum reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionReply<'a> {
    /// 0, 1, 2, 10 or 502.
    pub level: u32,
    /// The page; `None` sends a null container.
    pub sessions: Option<&'a [LabSession]>,
    /// TotalEntries.
    pub total: u32,
    /// ResumeHandle.
    pub resume: Option<u32>,
    /// The call's status.
    pub status: u32,
}

impl SessionReply<'_> {
    /// The reply's stub.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Stub::default();
        out.long(self.level);
        out.long(self.level);
        out.pointer(self.sessions.is_some());
        if let Some(sessions) = self.sessions {
            out.long(sessions.len() as u32);
            // An array of none may be null or empty; Samba sends it null.
            out.pointer(!sessions.is_empty());
            if !sessions.is_empty() {
                out.array(self.level, sessions);
            }
        }
        out.long(self.total);
        out.pointer(self.resume.is_some());
        if let Some(resume) = self.resume {
            out.long(resume);
        }
        out.long(self.status);
        out.bytes
    }
}

/// What one level says of a session, in the order it says it.
enum Field<'a> {
    Text(&'a Text),
    Long(u32),
}

fn fields(level: u32, session: &LabSession) -> Vec<Field<'_>> {
    use Field::{Long, Text};
    let LabSession {
        client,
        user,
        opens,
        active_secs,
        idle_secs,
        flags,
        client_type,
        transport,
    } = session;
    if level == 0 {
        return vec![Text(client)];
    }
    let mut fields = vec![Text(client), Text(user)];
    if level != 10 {
        fields.push(Long(*opens));
    }
    fields.extend([Long(*active_secs), Long(*idle_secs)]);
    if level != 10 {
        fields.push(Long(*flags));
    }
    if level == 2 || level == 502 {
        fields.push(Text(client_type));
    }
    if level == 502 {
        fields.push(Text(transport));
    }
    fields
}

#[derive(Default)]
pub(super) struct Stub {
    pub(super) bytes: Vec<u8>,
    referents: u32,
}

impl Stub {
    pub(super) fn long(&mut self, value: u32) {
        while !self.bytes.len().is_multiple_of(4) {
            self.bytes.push(0);
        }
        self.bytes.extend(value.to_le_bytes());
    }

    pub(super) fn pointer(&mut self, there: bool) {
        let referent = if there {
            self.referents += 1;
            0x0002_0000 + 4 * self.referents
        } else {
            0
        };
        self.long(referent);
    }

    fn array(&mut self, level: u32, sessions: &[LabSession]) {
        self.long(sessions.len() as u32);
        for session in sessions {
            for field in fields(level, session) {
                match field {
                    Field::Long(value) => self.long(value),
                    Field::Text(text) => self.pointer(text.is_some()),
                }
            }
        }
        for session in sessions {
            for field in fields(level, session) {
                if let Field::Text(Some(units)) = field {
                    self.string(units);
                }
            }
        }
    }

    pub(super) fn string(&mut self, units: &[u16]) {
        let count = units.len() as u32 + 1;
        self.long(count);
        self.long(0);
        self.long(count);
        for unit in units.iter().chain(&[0]) {
            self.bytes.extend(unit.to_le_bytes());
        }
    }
}
