import{c as s,cq as a,u as n,a as r,N as t}from"./settings-DibsQ3yn.js";function u(){const e=`refused.${s.refusal.value}`;return a(e)?n(t,{tone:"warn",children:r(e)}):null}export{u as R};
