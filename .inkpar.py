import numpy as np, subprocess, json, sys
sys.path[:0]=["/work/browser","/work/browser/src"]
from mnist_demo import preprocess
from tests.sketchpad import one_of_each, load, DRAWINGS, strokes_of
from train.paint.strokes import paint, random_brush, vary, scribble, draw, Brush
rng=np.random.default_rng(0)
canv=[]
own=one_of_each()
for i in range(600):
    s=vary(own[i%10].strokes,rng) if i%5 else scribble(rng)
    canv.append(paint(s,random_brush(rng),rng))
canv.append(np.full((280,280),255,np.uint8))
for k in range(5): canv.append(paint([np.zeros((1,2),np.float32)],Brush(1+2*k,10),rng))
exp=[preprocess(c) for c in canv]
N=len(canv)
np.concatenate([np.dstack([c,c,c,np.full_like(c,255)]).ravel() for c in canv]).tofile("/tmp/canv.bin")
open("/tmp/run.mjs","w").write('''
import {preprocess} from "/work/browser/src/mnist_demo/browser/ink.js"; import fs from "fs";
const b=fs.readFileSync("/tmp/canv.bin"); const n=b.length/(280*280*4); const out=new Float32Array(n*784); const none=[];
const t=[];
for(let i=0;i<n;i++){const a=new Uint8ClampedArray(b.buffer,b.byteOffset+i*280*280*4,280*280*4); const t0=performance.now(); const r=preprocess(a,280); t.push(performance.now()-t0); if(r) out.set(r,i*784); else none.push(i);}
t.sort((a,b)=>a-b); console.log(JSON.stringify({none,p50:t[t.length>>1],p95:t[Math.floor(t.length*.95)]})); fs.writeFileSync("/tmp/out.bin",Buffer.from(out.buffer));
''')
r=subprocess.run(["node","/tmp/run.mjs"],capture_output=True,text=True); print(r.stdout,r.stderr[:2000])
got=np.fromfile("/tmp/out.bin",np.float32).reshape(N,28,28)
none=json.loads(r.stdout)["none"]
d=[]
for i,e in enumerate(exp):
    if (e is None)!=(i in none): print("blank differs",i)
    if e is not None: d.append(np.abs(got[i]-e).mean())
d=np.array(d); print("mean",d.mean(),"max",d.max(),"share>0.004",(d>0.004).mean(), "exact", (d<1e-6).mean()); print(np.argsort(-d)[:10],np.sort(-d)[:10])
