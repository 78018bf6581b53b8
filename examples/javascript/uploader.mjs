// The software under test: sends files by STOW-RS, and sends again what the archive had no room for.

const isOutOfResources = (reason) => reason >= 0xa700 && reason < 0xa800;

export class NotStored extends Error {
  constructor(refused) {
    super([...refused].map(([uid, reason]) => `${uid}: ${reason.toString(16)}`).join(", "));
    this.refused = refused;
  }
}

// Sends files, a Map from SOP Instance UID to bytes; returns when all are stored.
export async function send(archive, files, attempts = 3) {
  let left = files;
  let refused;
  for (let attempt = 0; attempt < attempts; attempt++) {
    refused = await post(archive, [...left.values()]);
    const forGood = [...refused].filter(([, reason]) => !isOutOfResources(reason));
    if (forGood.length > 0) throw new NotStored(new Map(forGood));
    if (refused.size === 0) return;
    left = new Map([...left].filter(([uid]) => refused.has(uid)));
  }
  throw new NotStored(refused);
}

// One request; the instances that were refused with their reason.
async function post(archive, files) {
  const parts = files.flatMap((file) => [Buffer.from("--frontier\r\nContent-Type: application/dicom\r\n\r\n"), file, Buffer.from("\r\n")]);
  const answer = await fetch(`${archive}/studies`, {
    method: "POST",
    headers: {
      "Content-Type": 'multipart/related; type="application/dicom"; boundary=frontier',
      Accept: "application/dicom+json",
    },
    body: Buffer.concat([...parts, Buffer.from("--frontier--\r\n")]),
  });
  // 409 says that none was stored, and why.
  if (!answer.ok && answer.status !== 409) throw new Error(`the archive answered ${answer.status}`);
  const [said] = [await answer.json()].flat();
  const failed = said["00081198"]?.Value ?? [];
  return new Map(failed.map((item) => [item["00081155"].Value[0], item["00081197"].Value[0]]));
}
