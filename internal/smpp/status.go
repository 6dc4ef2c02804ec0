package smpp

import "fmt"

// Status is a PDU's command_status.
type Status uint32

// The statuses a sender must tell apart.
const (
	OK            Status = 0x00
	InvCmdLen     Status = 0x02
	InvCmdID      Status = 0x03
	InvBindStatus Status = 0x04
	AlreadyBound  Status = 0x05
	SystemError   Status = 0x08
	InvDestAddr   Status = 0x0B
	BindFailed    Status = 0x0D
	InvPassword   Status = 0x0E
	InvSystemID   Status = 0x0F
	QueueFull     Status = 0x14
	Throttled     Status = 0x58
	InvExpiry     Status = 0x62
	TempAppError  Status = 0x64 // the receiver asks for the deliver_sm again
)

var statusNames = map[Status]string{
	OK: "ESME_ROK", 0x01: "ESME_RINVMSGLEN", InvCmdLen: "ESME_RINVCMDLEN", InvCmdID: "ESME_RINVCMDID",
	InvBindStatus: "ESME_RINVBNDSTS", AlreadyBound: "ESME_RALYBND", 0x06: "ESME_RINVPRTFLG",
	0x07: "ESME_RINVREGDLVFLG", SystemError: "ESME_RSYSERR", 0x0A: "ESME_RINVSRCADR",
	InvDestAddr: "ESME_RINVDSTADR", 0x0C: "ESME_RINVMSGID", BindFailed: "ESME_RBINDFAIL",
	InvPassword: "ESME_RINVPASWD", InvSystemID: "ESME_RINVSYSID", 0x11: "ESME_RCANCELFAIL",
	0x13: "ESME_RREPLACEFAIL", QueueFull: "ESME_RMSGQFUL", 0x15: "ESME_RINVSERTYP",
	0x33: "ESME_RINVNUMDESTS", 0x40: "ESME_RINVDESTFLAG", 0x42: "ESME_RINVSUBREP",
	0x43: "ESME_RINVESMCLASS", 0x44: "ESME_RCNTSUBDL", 0x45: "ESME_RSUBMITFAIL",
	0x48: "ESME_RINVSRCTON", 0x49: "ESME_RINVSRCNPI", 0x50: "ESME_RINVDSTTON", 0x51: "ESME_RINVDSTNPI",
	0x53: "ESME_RINVSYSTYP", 0x54: "ESME_RINVREPFLAG", 0x55: "ESME_RINVNUMMSGS", Throttled: "ESME_RTHROTTLED",
	0x61: "ESME_RINVSCHED", InvExpiry: "ESME_RINVEXPIRY", 0x63: "ESME_RINVDFTMSGID",
	TempAppError: "ESME_RX_T_APPN", 0x65: "ESME_RX_P_APPN", 0x66: "ESME_RX_R_APPN", 0x67: "ESME_RQUERYFAIL",
	0xC0: "ESME_RINVOPTPARSTREAM", 0xC1: "ESME_ROPTPARNOTALLWD", 0xC2: "ESME_RINVPARLEN",
	0xC3: "ESME_RMISSINGOPTPARAM", 0xC4: "ESME_RINVOPTPARAMVAL", 0xFE: "ESME_RDELIVERYFAILURE",
	0xFF: "ESME_RUNKNOWNERR",
}

// String is the status's name in the specification, or its number.
func (s Status) String() string {
	if n := statusNames[s]; n != "" {
		return n
	}
	return fmt.Sprintf("0x%08X", uint32(s))
}

// StatusError is a request that the other side answered with a status other than OK.
type StatusError struct {
	Command Command
	Status  Status
}

// Error is the status's name.
func (e *StatusError) Error() string { return "the message centre answers " + e.Status.String() }
