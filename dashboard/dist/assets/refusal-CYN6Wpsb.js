import{a as s,a3 as a,u as n,t as r,N as t}from"./button-coeP7zVv.js";function u(){const e=`refused.${s.refusal.value}`;return a(e)?n(t,{tone:"warn",children:r(e)}):null}export{u as R};
