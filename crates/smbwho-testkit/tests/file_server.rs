//! The file server of any size, judged by a client that was written elsewhere.

use smbwho_testkit::{Endpoint, FileServer, ServerKind, Workload, python};
use std::process::Command;
use std::sync::Arc;

/// Says how many files and sessions there are: all, of a user, and of a client;
/// then closes a file, ends a session, and counts again.
const ASK: &str = r#"
import sys
from impacket.dcerpc.v5 import srvs, transport
from impacket.dcerpc.v5.dtypes import NULL
t = transport.SMBTransport('127.0.0.1', int(sys.argv[1]), r'\srvsvc', username='root', password='endpoint')
dce = t.get_dce_rpc()
dce.connect()
dce.bind(srvs.MSRPC_UUID_SRVS)

def asked(request, kind, level, **filters):
    request['ServerName'] = NULL
    for name, value in filters.items():
        request[name] = value
    request['InfoStruct']['Level'] = level
    request['InfoStruct'][kind]['tag'] = level
    request['InfoStruct'][kind]['Level%d' % level]['Buffer'] = NULL
    request['PreferedMaximumLength'] = 0xffffffff
    request['ResumeHandle'] = 0
    return dce.request(request)['InfoStruct'][kind]['Level%d' % level]['Buffer']

def files(user=NULL, path=NULL):
    return asked(srvs.NetrFileEnum(), 'FileInfo', 3, BasePath=path, UserName=user)

def sessions(client=NULL, user=NULL):
    return asked(srvs.NetrSessionEnum(), 'SessionInfo', 1, ClientName=client, UserName=user)

client = sessions()[-1]['sesi1_cname']
def counts():
    print(len(files()), len(files('user00001\0')), len(files('\\\\' + client.strip('\\\0') + '\0')),
          len(files(path='D:\\shares\\share0001\0')), len(sessions()), len(sessions(user='user00001\0')))

counts()
srvs.hNetrFileClose(dce, files('user00001\0')[0]['fi3_id'])
counts()
srvs.hNetrSessionDel(dce, client, NULL)
counts()
"#;

/// All files, those of a user, of a client, of a share, all sessions, and
/// those of a user; at first, with a file closed, and with a session ended.
fn counts(like: ServerKind) -> Vec<String> {
    let workload = Workload {
        users: 3,
        clients: 4,
        files: 48,
        shares: 2,
        like,
    };
    let server = Arc::new(FileServer::new(workload));
    let endpoint = Endpoint::builder().serve_as(&server).unwrap();
    let done = Command::new(python::oracle_python().unwrap())
        .args(["-c", ASK, &endpoint.port().to_string()])
        .output()
        .unwrap();
    let said = String::from_utf8(done.stdout).unwrap();
    assert!(
        done.status.success(),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );
    said.lines().map(str::to_owned).collect()
}

#[test]
fn what_is_closed_is_gone_from_every_list() {
    assert_eq!(
        counts(ServerKind::Windows),
        ["48 16 4 24 12 4", "47 15 4 23 12 4", "43 15 0 19 11 4"]
    );
}

#[test]
fn samba_filters_by_the_user_of_files_only() {
    assert_eq!(
        counts(ServerKind::Samba),
        ["48 16 0 48 12 12", "47 15 0 47 12 12", "43 15 0 43 11 11"]
    );
}
