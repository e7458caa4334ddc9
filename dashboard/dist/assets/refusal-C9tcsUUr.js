import{c as s,cr as a,u as r,a as n,N as t}from"./settings-BmCHGSyU.js";function u(){const e=`refused.${s.refusal.value}`;return a(e)?r(t,{tone:"warn",children:n(e)}):null}export{u as R};
