// Takes a File, a Blob, or what a canvas's toBlob() gives.
async function classify(file) {
  const response = await fetch("URL/v1/classify", { method: "POST", body: file });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error);
  return answer; // { digit, confidence, top, ... }
}
